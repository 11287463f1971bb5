"""Turn a syntax tree into Python closures, knowing as much of the types as can be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from fhir_kb.fhirpath import nodes
from fhir_kb.fhirpath.compile_operators import binary, unary
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathSemanticError
from fhir_kb.fhirpath.fragments import Code
from fhir_kb.fhirpath.functions import FUNCTIONS, Function
from fhir_kb.fhirpath.functions.subsets import integer
from fhir_kb.fhirpath.instances import instance
from fhir_kb.fhirpath.items import EMPTY, Element, Item, boolean, system_name
from fhir_kb.fhirpath.model import FhirType, Schema
from fhir_kb.fhirpath.pure import (
    Pure,
    pure_call,
    pure_if_empty,
    pure_member,
    pure_this,
    pure_type_test,
)
from fhir_kb.fhirpath.scope import Scope, single
from fhir_kb.fhirpath.steps import (
    after,
    argument_count,
    call_step,
    hint,
    json_children,
    result_types,
    system_member,
)
from fhir_kb.fhirpath.type_names import narrowed, type_matcher, written_type
from fhir_kb.fhirpath.typing_rules import (
    Types,
    describe,
    elements_of,
    has_member,
    is_never,
    join_types,
    member_types,
    system,
)
from fhir_kb.fhirpath.variables import CONSTANTS, variable

_Link: TypeAlias = "nodes.Member | nodes.Call | nodes.Indexer"


#: Variables that are the same all through an evaluation.
_FIXED: Final = frozenset({"resource", "rootResource", "context"})
#: Functions that do more than give a result.
_ACTING: Final = frozenset({"trace", "defineVariable"})


def _is_fixed(link: _Link) -> bool:
    """Whether a step depends on nothing but what it is taken from."""
    match link:
        case nodes.Member():
            return True
        case nodes.Call(_, name, arguments):
            return name not in _ACTING and all(isinstance(one, nodes.Literal) for one in arguments)
        case nodes.Indexer(_, position):
            return isinstance(position, nodes.Literal)


@dataclass(frozen=True, slots=True)
class Options:
    """How an expression is to be understood.

    strict: what is surely a mistake (an element that the type does not have) is an error, instead
        of an empty result. json_names: `valueQuantity` is allowed for `value`.
    as_filters: as() may be used on several items, and keeps those of the type; FHIR R4 and R4B
        have rules of their own that need it (dom-3).
    """

    strict: bool = False
    json_names: bool = False
    as_filters: bool = False


class Compiler:
    """Compiles expressions for one schema and one type of `$this`."""

    def __init__(self, schema: Schema, root: Types, options: Options) -> None:
        self.schema = schema
        self.options = options
        self._root = root

    def compile(self, node: nodes.Node, this: Types) -> Code:
        """The code of a part, in a scope whose $this is of the given types."""
        match node:
            case nodes.Literal(values):
                items: list[Item] = list(values)
                return Code(
                    lambda _: items,
                    system(*map(system_name, values)),
                    pure=Pure(constant=values),
                )
            case nodes.This():
                return Code(lambda scope: scope.this, this, pure=pure_this(this))
            case nodes.Index():
                return Code(
                    lambda scope: [scope.index] if scope.index >= 0 else EMPTY, system("Integer")
                )
            case nodes.Total():
                return Code(lambda scope: scope.total or EMPTY)
            case nodes.Variable():
                return self._variable(node)
            case nodes.Member() | nodes.Call() | nodes.Indexer():
                return self._chain(node, this)
            case nodes.Unary():
                return unary(self, node, this)
            case nodes.Binary():
                return binary(self, node, this)
            case nodes.TypeTest(operator, operand, type_name, place):
                code = self.compile(operand, this)
                return self._type_code(operator, type_name, code, place, strict_single=True)
            case nodes.Instance():
                return Code(*instance(self, node, this))

    def _variable(self, node: nodes.Variable) -> Code:
        run = variable(node.name)
        types: Types = None
        if node.name in CONSTANTS or node.name.startswith(("vs-", "ext-")):
            types = system("String")
        elif node.name == "context":
            types = self._root
        elif node.name == "resource" and self._root is not None:
            owners = [one.path.partition(".")[0] for one in self._root if isinstance(one, FhirType)]
            if owners and all(name in self.schema.model.resource_types for name in owners):
                types = frozenset(self.schema.type(name) for name in owners)
        place = node.place

        def placed(scope: Scope) -> list[Item]:
            try:
                return run(scope)
            except FHIRPathError as error:
                error.at(place.line, place.column)
                raise

        pure = Pure(constant=(CONSTANTS[node.name],)) if node.name in CONSTANTS else None
        return Code(placed, types, pure=pure)

    def _chain(self, node: nodes.Node, this: Types) -> Code:
        """A path, done step by step in a loop, so that its length costs no depth."""
        links: list[_Link] = []
        while isinstance(node, nodes.Member | nodes.Call | nodes.Indexer):
            links.append(node)
            if node.target is None:
                break
            node = node.target
        defines = any(isinstance(one, nodes.Call) and one.name == "defineVariable" for one in links)
        if links and links[-1].target is None:
            first = links.pop()
            if isinstance(first, nodes.Member):
                code = self._root_member(first, this)
            else:
                start = Code(lambda scope: scope.this, this, pure=pure_this(this))
                code = self._link(start, first, this)
        else:
            code = self.compile(node, this)
            if isinstance(node, nodes.Variable) and node.name in _FIXED:
                code = self._fixed(code, links, this)
        for link in reversed(links):
            code = self._link(code, link, this)
        if defines:
            run = code.run
            return Code(lambda scope: run(scope.fork()), code.types, ordered=code.ordered)
        return code

    def _fixed(self, code: Code, links: list[_Link], this: Types) -> Code:
        """What a path leads to from the resource, worked out once, for all() may ask for it often.

        links: the rest of the path, its next step last; those that are done are taken away.
        """
        while links and _is_fixed(links[-1]):
            code = self._link(code, links.pop(), this)
        run, key = code.run, object()

        def once(scope: Scope) -> list[Item]:
            kept = scope.env.kept
            if kept is None:
                kept = scope.env.kept = {}
            found = kept.get(key)
            if found is None:
                found = kept[key] = run(scope)
            return found

        return Code(once, code.types, None, code.ordered, code.pure)

    def _root_member(self, node: nodes.Member, this: Types) -> Code:
        name = node.name
        start = Code(lambda scope: scope.this, this, pure=pure_this(this))
        is_open = any(isinstance(one, FhirType) and one.is_open for one in this or ())
        if not name[:1].isupper() or not (self.schema.knows(name) or is_open):
            return self._link(start, node, this)
        if this is not None and this:
            fitting = [one for one in this if isinstance(one, FhirType) and name in one.names]
            if len(fitting) == len(this):
                return start
            if (
                self.options.strict
                and not fitting
                and not is_open
                and not has_member(this, name, json_names=False)
            ):
                raise FHIRPathSemanticError(
                    f"the expression begins with '{name}', but is about {describe(this)}",
                    node.place.line,
                    node.place.column,
                )

        def run(scope: Scope) -> list[Item]:
            found: list[Item] = []
            for item in scope.this:
                if isinstance(item, Element):
                    found += [item] if name in item.type.names else item.children(name)
            return found

        return Code(run, frozenset((self.schema.type(name),)) if this is None else this)

    def _link(self, code: Code, link: _Link, this: Types) -> Code:
        match link:
            case nodes.Member():
                return self._member(code, link)
            case nodes.Indexer():
                return self._indexer(code, link, this)
            case nodes.Call():
                return self._call(code, link, this)

    def _member(self, code: Code, node: nodes.Member) -> Code:
        name = node.name
        json_names = self.options.json_names
        if self.options.strict and not has_member(code.types, name, json_names=json_names):
            raise FHIRPathSemanticError(
                f"{describe(code.types or ())} has no element '{name}'"
                + hint(name, elements_of(code.types)),
                node.place.line,
                node.place.column,
            )
        types = member_types(code.types, name, json_names=json_names)
        pure = pure_member(code.pure, code.types, name)

        def step(scope: Scope, items: list[Item]) -> list[Item]:
            found: list[Item] = []
            for item in items:
                if isinstance(item, Element):
                    if name == "value" and item.type.system:
                        value = item.system()
                        found += EMPTY if value is None else [value]
                    elif json_names:
                        found += json_children(item, name)
                    else:
                        found += item.children(name)
                else:
                    found += system_member(item, name)
            scope.env.spend(len(items))
            return found

        made = after(code, step, types, node.place)
        return Code(made.run, made.types, None, made.ordered, pure)

    def _indexer(self, code: Code, node: nodes.Indexer, this: Types) -> Code:
        self._check_order(code, "an index", node.place)
        index = self.compile(node.position, this).run

        def step(scope: Scope, items: list[Item]) -> list[Item]:
            number = integer(index(scope), "an index")
            return items[number : number + 1] if number is not None and number >= 0 else EMPTY

        return after(code, step, code.types, node.place)

    def _check_order(self, code: Code, what: str, place: nodes.Place) -> None:
        if self.options.strict and not code.ordered:
            raise FHIRPathSemanticError(
                f"{what} needs an order, which children() and descendants() do not have",
                place.line,
                place.column,
            )

    def _call(self, code: Code, node: nodes.Call, this: Types) -> Code:
        if node.name in ("is", "as", "ofType"):
            return self._type_call(code, node)
        found = FUNCTIONS.get(node.name)
        if found is None:
            raise FHIRPathSemanticError(
                f"there is no function {node.name}()" + hint(node.name, frozenset(FUNCTIONS)),
                node.place.line,
                node.place.column,
            )
        if not found.least <= len(node.arguments) <= found.most:
            raise FHIRPathSemanticError(
                f"{node.name}() takes {argument_count(found)}, not {len(node.arguments)}",
                node.place.line,
                node.place.column,
            )
        if found.needs_order:
            self._check_order(code, f"{node.name}()", node.place)
        arguments = self._arguments(found, node, code, this)
        self._check_arguments(node, arguments)
        pure = pure_call(node.name, code.pure, tuple(one.pure for one in arguments))
        step = call_step(found, node, arguments)
        made = after(code, step, result_types(found, code, arguments), node.place)
        ordered = node.name == "sort" or (
            code.ordered and node.name not in ("children", "descendants")
        )
        return Code(made.run, made.types, None, ordered, pure)

    def _arguments(
        self, found: Function, node: nodes.Call, code: Code, this: Types
    ) -> tuple[Code, ...]:
        made: list[Code] = []
        for position, argument in enumerate(node.arguments):
            if (
                node.name == "sort"
                and isinstance(argument, nodes.Unary)
                and argument.operator == "-"
            ):
                argument = argument.operand  # noqa: PLW2901 - see Key: `-` is for any type here
            scope_types = code.types if found.is_lazy(position) else this
            compiled = self.compile(argument, scope_types)
            if node.name in ("repeat", "repeatAll"):
                compiled = self.compile(argument, join_types(scope_types, compiled.types))
            made.append(compiled.quick() if found.is_lazy(position) else compiled)
        return tuple(made)

    def _check_arguments(self, node: nodes.Call, arguments: tuple[Code, ...]) -> None:
        if node.name != "iif":
            return
        types = arguments[0].types
        own = types is not None and all(isinstance(one, str) for one in types)
        if is_never(types, "Boolean") and (own or self.options.strict):
            place = node.arguments[0].place
            raise FHIRPathSemanticError(
                f"iif() needs a Boolean, not {describe(types or ())}", place.line, place.column
            )

    def _type_call(self, code: Code, node: nodes.Call) -> Code:
        written = written_type(node.arguments[0]) if len(node.arguments) == 1 else None
        if written is None:
            raise FHIRPathSemanticError(
                f"{node.name}() takes the name of one type", node.place.line, node.place.column
            )
        strict_single = node.name == "as" and not self.options.as_filters
        return self._type_code(node.name, written, code, node.place, strict_single=strict_single)

    def _type_code(
        self, operator: str, written: str, code: Code, place: nodes.Place, *, strict_single: bool
    ) -> Code:
        try:
            matches = type_matcher(written, self.schema, exact=operator != "is")
        except FHIRPathError as error:
            error.at(place.line, place.column)
            raise

        def is_step(_: Scope, items: list[Item]) -> list[Item]:
            item = single(items, "'is'")
            return EMPTY if item is None else boolean(matches(item))

        def as_step(_: Scope, items: list[Item]) -> list[Item]:
            if strict_single:
                single(items, "'as'")
            return [item for item in items if matches(item)]

        if operator == "is":
            pure = pure_type_test(code.pure, lambda kind: matches(Element(None, kind)))
            made = after(code, is_step, system("Boolean"), place)
            return Code(made.run, made.types, None, made.ordered, pure)
        made = after(code, as_step, narrowed(code.types, written, self.schema), place)
        return Code(made.run, made.types, None, made.ordered, pure_if_empty(code.pure))
