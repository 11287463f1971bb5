"""The compiled form of the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath import nodes, operators
from fhir_kb.fhirpath.equality import distinct as without_repetitions
from fhir_kb.fhirpath.equality import equal, equal_items, equivalent, order, unique_of
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathLimitError
from fhir_kb.fhirpath.fragments import Code, Truth
from fhir_kb.fhirpath.items import EMPTY, FALSE, TRUE, Item
from fhir_kb.fhirpath.pure_operators import pure_binary
from fhir_kb.fhirpath.scope import Scope, single
from fhir_kb.fhirpath.typing_rules import Types, join_types, system

if TYPE_CHECKING:
    from fhir_kb.fhirpath.compiler import Compiler
    from fhir_kb.fhirpath.functions import Run
    from fhir_kb.fhirpath.pure import Pure

_FLAT = ("|", "and", "or")
_COMPARISONS: dict[str, frozenset[int]] = {
    "<": frozenset((-1,)),
    "<=": frozenset((-1, 0)),
    ">": frozenset((1,)),
    ">=": frozenset((1, 0)),
}


def unary(compiler: Compiler, node: nodes.Unary, this: Types) -> Code:
    """`-x` and `+x`."""
    code = compiler.compile(node.operand, this)
    run, apply = code.run, operators.negate if node.operator == "-" else operators.plus
    return _code(lambda scope: apply(run(scope)), code.types, node.place)


def binary(compiler: Compiler, node: nodes.Binary, this: Types) -> Code:
    """`left operator right`. A row of the same operator is done in one loop."""
    if node.operator in _FLAT:
        return _row(node.operator, _operands(compiler, node, this), node.place)
    left, right = compiler.compile(node.left, this), compiler.compile(node.right, this)
    pure = pure_binary(node.operator, left.pure, right.pure)
    match node.operator:
        case "xor" | "implies":
            return _truth_code(_logic(node.operator, left, right), node.place, pure)
        case "=" | "!=" | "~" | "!~":
            return _truth_code(_equality(node.operator, left.run, right.run), node.place, pure)
        case "<" | "<=" | ">" | ">=":
            return _truth_code(_comparison(node.operator, left.run, right.run), node.place, pure)
        case "in" | "contains":
            return _truth_code(_membership(node.operator, left.run, right.run), node.place, pure)
    run = _arithmetic(node.operator, left.run, right.run)
    code = _code(run, _arithmetic_types(node.operator, left.types, right.types), node.place)
    return _with_pure(code, pure)


def _operands(compiler: Compiler, node: nodes.Binary, this: Types) -> list[Code]:
    parts: list[nodes.Node] = []
    rest: nodes.Node = node
    while isinstance(rest, nodes.Binary) and rest.operator == node.operator:
        parts.append(rest.right)
        rest = rest.left
    parts.append(rest)
    return [compiler.compile(part, this) for part in reversed(parts)]


def _row(operator: str, codes: list[Code], place: nodes.Place) -> Code:
    pure = codes[0].pure
    for code in codes[1:]:
        pure = pure_binary(operator, pure, code.pure)
    if operator == "|":
        return _with_pure(_union(codes, place), pure)
    truths = [code.quick().as_truth() for code in codes]
    decides = operator == "or"  # one true settles `or`, one false settles `and`

    def run(scope: Scope) -> bool | None:
        unknown = False
        failed: FHIRPathError | None = None
        for one in truths:
            try:
                value = one(scope)
            except FHIRPathLimitError:
                raise
            except FHIRPathError as error:
                failed = failed or error
                continue
            if value is decides:
                return decides
            unknown = unknown or value is None
        if failed is not None:  # the order of operands means nothing, so the others could decide
            raise failed
        return None if unknown else not decides

    return _truth_code(run, place, pure)


def _union(codes: list[Code], place: nodes.Place) -> Code:
    runs = [code.run for code in codes]

    def run(scope: Scope) -> list[Item]:
        found: list[Item] = []
        for one in runs:
            found += one(scope)
        return without_repetitions(found, scope.env)

    if all(code.pure is not None and code.pure.constant is not None for code in codes):
        return _constant_union(codes, run, place)
    return _code(run, join_types(*(code.types for code in codes)), place)


def _constant_union(codes: list[Code], run: Run, place: nodes.Place) -> Code:
    made: list[list[Item]] = []

    def once(scope: Scope) -> list[Item]:
        if not made:
            made.append(run(scope))
        return made[0]

    return _code(once, join_types(*(code.types for code in codes)), place)


def _logic(operator: str, left: Code, right: Code) -> Truth:
    first, second = left.quick().as_truth(), right.quick().as_truth()

    def implies(scope: Scope) -> bool | None:
        condition = first(scope)
        if condition is False:
            return True
        consequence = second(scope)
        if condition is None:
            return True if consequence else None
        return consequence

    def xor(scope: Scope) -> bool | None:
        a, b = first(scope), second(scope)
        return None if a is None or b is None else a != b

    return implies if operator == "implies" else xor


def _equality(operator: str, left: Run, right: Run) -> Truth:
    negated = operator.startswith("!")

    def is_equal(scope: Scope) -> bool | None:
        found = equal(left(scope), right(scope))
        return None if found is None else found is not negated

    def is_equivalent(scope: Scope) -> bool | None:
        return equivalent(left(scope), right(scope), scope.env) is not negated

    return is_equal if operator.endswith("=") else is_equivalent


def _comparison(operator: str, left: Run, right: Run) -> Truth:
    wanted = _COMPARISONS[operator]

    def compare(scope: Scope) -> bool | None:
        a = single(left(scope), f"the left side of '{operator}'")
        b = single(right(scope), f"the right side of '{operator}'")
        if a is None or b is None:
            return None
        found = order(a, b)
        return None if found is None else found in wanted

    return compare


def _membership(operator: str, left: Run, right: Run) -> Truth:
    member, many = (left, right) if operator == "in" else (right, left)

    def is_member(scope: Scope) -> bool | None:
        item = single(member(scope), f"'{operator}'")
        collection = many(scope)
        if item is None:
            return None
        if len(collection) > 20:
            scope.env.spend(len(collection))
            return item in unique_of(collection, scope.env)
        return any(equal_items(item, other) is True for other in collection)

    return is_member


def _arithmetic(operator: str, left: Run, right: Run) -> Run:
    if operator == "&":
        return lambda scope: operators.concatenate(left(scope), right(scope), scope.env)
    return lambda scope: operators.arithmetic(operator, left(scope), right(scope), scope.env)


def _arithmetic_types(operator: str, left: Types, right: Types) -> Types:
    if operator == "&":
        return system("String")
    if left == right and left in (system("Integer"), system("Decimal"), system("String")):
        return system("Decimal") if operator == "/" else left
    return None


def _code(run: Run, types: Types, place: nodes.Place) -> Code:
    line, column = place.line, place.column

    def placed(scope: Scope) -> list[Item]:
        try:
            return run(scope)
        except FHIRPathError as error:
            error.at(line, column)
            raise

    return Code(placed, types)


def _truth_code(run: Truth, place: nodes.Place, pure: Pure | None) -> Code:
    line, column = place.line, place.column

    def placed(scope: Scope) -> bool | None:
        try:
            return run(scope)
        except FHIRPathError as error:
            error.at(line, column)
            raise

    def items(scope: Scope) -> list[Item]:
        value = placed(scope)
        return EMPTY if value is None else TRUE if value else FALSE

    return Code(items, system("Boolean"), placed, pure=pure)


def _with_pure(code: Code, pure: Pure | None) -> Code:
    return Code(code.run, code.types, code.truth, code.ordered, pure)
