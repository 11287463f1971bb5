"""Parse a FHIRPath expression into its syntax tree, by the precedences of the grammar."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from fhir_kb.fhirpath.errors import FHIRPathLimitError, FHIRPathSyntaxError
from fhir_kb.fhirpath.syntax import nodes
from fhir_kb.fhirpath.syntax.tokens import Token, tokens
from fhir_kb.fhirpath.values.system import CALENDAR_UNITS, Date, DateTime, Long, Quantity, Time

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LENGTH = 50_000
MAX_DEPTH = 120
"""How deep an expression may nest; each level costs a few Python frames when it is evaluated."""
MAX_CHAIN = 500
"""How many steps or operands a chain may have."""

_BINARY = {
    word: power
    for power, words in enumerate(
        (
            ("implies",),
            ("or", "xor"),
            ("and",),
            ("in", "contains"),
            ("=", "~", "!=", "!~"),
            ("<=", "<", ">", ">="),
            ("|",),
            ("is", "as"),
            ("+", "-", "&"),
            ("*", "/", "div", "mod"),
        ),
        start=1,
    )
    for word in words
}
_UNARY_POWER = 11
_PARSE: dict[str, Callable[[str], Date | DateTime | Time | None]] = {
    "date": Date.parse,
    "dateTime": DateTime.parse,
    "time": Time.parse,
}
_RESERVED = frozenset({"and", "or", "xor", "implies", "div", "mod", "true", "false"})
_RESERVED_AFTER_DOT = frozenset({"true", "false"})


@lru_cache(maxsize=4096)
def parse(expression: str) -> nodes.Expression:
    """The syntax tree of an expression.

    Raises:
        FHIRPathSyntaxError: It is not an expression; with the line and column of the first token
            that is not expected.
        FHIRPathLimitError: It is larger than MAX_LENGTH, MAX_DEPTH or MAX_CHAIN.
    """
    if len(expression) > MAX_LENGTH:
        raise FHIRPathLimitError(f"the expression is longer than {MAX_LENGTH} characters", 1, 1)
    parser = _Parser(tokens(expression))
    root = parser.expression(0)
    parser.expect_end()
    return nodes.Expression(expression, root)


class _Parser:
    def __init__(self, all_tokens: list[Token]) -> None:
        self._tokens = all_tokens
        self._at = 0
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _is(self, symbol: str) -> bool:
        return self._token.kind == "symbol" and self._token.text == symbol

    def _accept(self, symbol: str) -> bool:
        if self._is(symbol):
            self._at += 1
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            self._fail(f"expected '{symbol}'")

    def expect_end(self) -> None:
        """Raise FHIRPathSyntaxError where something follows."""
        if self._token.kind != "end":
            self._fail("expected an operator or the end of the expression")

    def _fail(self, expected: str, token: Token | None = None) -> NoReturn:
        token = token or self._token
        actual = "the expression ends" if token.kind == "end" else f"found '{token.text}'"
        raise FHIRPathSyntaxError(f"{expected}, but {actual}", token.line, token.column)

    def expression(self, power: int) -> nodes.Node:
        """An expression whose operators bind tighter than `power`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            token = self._token
            raise FHIRPathLimitError(
                f"the expression nests deeper than {MAX_DEPTH} levels", token.line, token.column
            )
        left = self._operand()
        for _ in range(MAX_CHAIN):
            binds = self._binary_power()
            if binds <= power:
                self._depth -= 1
                return left
            left = self._binary(left, binds)
        token = self._token
        raise FHIRPathLimitError(
            f"more than {MAX_CHAIN} operators in a row", token.line, token.column
        )

    def _binary_power(self) -> int:
        token = self._token
        return _BINARY.get(token.text, 0) if token.kind in ("symbol", "name") else 0

    def _binary(self, left: nodes.Node, power: int) -> nodes.Node:
        token = self._next()
        place = nodes.Place(token.line, token.column)
        if token.text in ("is", "as"):
            return nodes.TypeTest(token.text, left, self._type_name(), place)
        return nodes.Binary(token.text, left, self.expression(power), place)

    def _operand(self) -> nodes.Node:
        token = self._token
        if self._is("+") or self._is("-"):
            self._next()
            place = nodes.Place(token.line, token.column)
            return nodes.Unary(token.text, self.expression(_UNARY_POWER - 1), place)
        return self._chain(self._term())

    def _chain(self, target: nodes.Node) -> nodes.Node:
        for _ in range(MAX_CHAIN):
            token = self._token
            place = nodes.Place(token.line, token.column)
            if self._accept("."):
                target = self._invocation(target)
            elif self._accept("["):
                target = nodes.Indexer(target, self.expression(0), place)
                self._expect("]")
            else:
                return target
        token = self._token
        raise FHIRPathLimitError(f"more than {MAX_CHAIN} steps in a row", token.line, token.column)

    def _term(self) -> nodes.Node:
        token = self._token
        place = nodes.Place(token.line, token.column)
        if token.kind == "symbol":
            return self._bracketed(place)
        if token.kind in ("number", "long", "string", "date", "dateTime", "time"):
            return self._literal(place)
        if token.kind == "name" and token.text in ("true", "false"):
            self._next()
            return nodes.Literal((token.text == "true",), place)
        return self._invocation(None)

    def _bracketed(self, place: nodes.Place) -> nodes.Node:
        if self._accept("("):
            inner = self.expression(0)
            self._expect(")")
            return inner
        if self._accept("{"):
            self._expect("}")
            return nodes.Literal((), place)
        if self._accept("%"):
            token = self._next()
            if token.kind not in ("name", "quoted", "string"):
                self._fail("expected the name of a variable after '%'", token)
            return nodes.Variable(token.text, place)
        return self._fail("expected a value")

    def _literal(self, place: nodes.Place) -> nodes.Node:
        token = self._next()
        match token.kind:
            case "string":
                return nodes.Literal((token.text,), place)
            case "number":
                return self._number(token, place)
            case "long":
                return nodes.Literal((Long(token.text[:-1]),), place)
        value = _PARSE[token.kind](token.text.removesuffix("T"))
        if value is None:
            raise FHIRPathSyntaxError(
                f"there is no {token.kind} '{token.text}'", token.line, token.column
            )
        return nodes.Literal((value,), place)

    def _number(self, token: Token, place: nodes.Place) -> nodes.Node:
        unit = self._token
        if unit.kind == "string":
            self._next()
            return nodes.Literal((Quantity.of(Decimal(token.text), unit.text),), place)
        if unit.kind == "name" and unit.text in CALENDAR_UNITS:
            self._next()
            return nodes.Literal((Quantity.of(Decimal(token.text), unit.text),), place)
        if "." in token.text:
            return nodes.Literal((Decimal(token.text),), place)
        if (value := int(token.text)) > 2**31 - 1:
            raise FHIRPathSyntaxError(
                f"{token.text} is not an Integer: the largest is 2147483647 (write {token.text}L)",
                token.line,
                token.column,
            )
        return nodes.Literal((value,), place)

    def _invocation(self, target: nodes.Node | None) -> nodes.Node:
        token = self._next()
        place = nodes.Place(token.line, token.column)
        if token.kind == "variable":
            if target is not None:
                self._fail("expected a name or a function after '.'", token)
            if token.text == "$this":
                return nodes.This(place)
            return nodes.Index(place) if token.text == "$index" else nodes.Total(place)
        reserved = _RESERVED if target is None else _RESERVED_AFTER_DOT
        if token.kind not in ("name", "quoted") or (
            token.kind == "name" and token.text in reserved
        ):
            self._fail("expected a value" if target is None else "expected a name", token)
        if self._accept("("):
            return self._call(target, token, place)
        if target is None and self._is("{"):
            return self._instance(token.text, place)
        if target is None and self._starts_qualified_instance():
            return self._instance(f"{token.text}.{self._type_name_rest()}", place)
        return nodes.Member(target, token.text, place)

    def _call(self, target: nodes.Node | None, token: Token, place: nodes.Place) -> nodes.Node:
        arguments: list[nodes.Node] = []
        descending: list[bool] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.expression(0))
            direction = self._token
            is_direction = direction.kind == "name" and direction.text in ("asc", "desc")
            if token.text == "sort" and is_direction:
                self._next()
            descending.append(token.text == "sort" and direction.text == "desc" and is_direction)
        directions = tuple(descending) if token.text == "sort" else ()
        return nodes.Call(target, token.text, tuple(arguments), place, directions)

    def _type_name(self) -> str:
        token = self._next()
        if token.kind not in ("name", "quoted"):
            self._fail("expected the name of a type", token)
        if self._accept("."):
            return f"{token.text}.{self._type_name_rest(dotted=True)}"
        return token.text

    def _type_name_rest(self, *, dotted: bool = False) -> str:
        if not dotted:
            self._expect(".")
        token = self._next()
        if token.kind not in ("name", "quoted"):
            self._fail("expected the name of a type", token)
        return token.text

    def _starts_qualified_instance(self) -> bool:
        following = self._tokens[self._at : self._at + 3]
        texts = [token.text for token in following]
        return len(texts) == 3 and texts[0] == "." and texts[2] == "{"

    def _instance(self, type_name: str, place: nodes.Place) -> nodes.Node:
        self._expect("{")
        elements: list[tuple[str, nodes.Node]] = []
        if self._accept(":"):
            self._expect("}")
            return nodes.Instance(type_name, (), place)
        while True:
            token = self._next()
            if token.kind not in ("name", "quoted"):
                self._fail("expected the name of an element", token)
            self._expect(":")
            elements.append((token.text, self.expression(0)))
            if not self._accept(","):
                break
        self._expect("}")
        return nodes.Instance(type_name, tuple(elements), place)
