"""The compiled form of the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.compiler.fragment import Fragment, Truth
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathLimitError
from fhir_kb.fhirpath.evaluation import arithmetic
from fhir_kb.fhirpath.evaluation.equality import distinct as without_repetitions
from fhir_kb.fhirpath.evaluation.equality import equal, equal_items, equivalent, item_set, order
from fhir_kb.fhirpath.evaluation.items import EMPTY, FALSE, TRUE, Item
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.fast_path.operators import fast_binary
from fhir_kb.fhirpath.syntax import nodes
from fhir_kb.fhirpath.types.static_types import Types, join_types, system

if TYPE_CHECKING:
    from fhir_kb.fhirpath.compiler.fragment import CompileNode
    from fhir_kb.fhirpath.evaluation.scope import Run
    from fhir_kb.fhirpath.fast_path.fast_path import FastPath

_FLAT = ("|", "and", "or")
_COMPARISONS: dict[str, frozenset[int]] = {
    "<": frozenset((-1,)),
    "<=": frozenset((-1, 0)),
    ">": frozenset((1,)),
    ">=": frozenset((1, 0)),
}


def unary(compile_node: CompileNode, node: nodes.Unary, this: Types) -> Fragment:
    """`-x` and `+x`."""
    code = compile_node(node.operand, this)
    run, apply = code.run, arithmetic.negate if node.operator == "-" else arithmetic.plus
    return _code(lambda scope: apply(run(scope)), code.types, node.place)


def binary(compile_node: CompileNode, node: nodes.Binary, this: Types) -> Fragment:
    """`left operator right`. A chain of the same operator is evaluated in one loop."""
    if node.operator in _FLAT:
        return _operator_chain(node.operator, _operands(compile_node, node, this), node.place)
    left, right = compile_node(node.left, this), compile_node(node.right, this)
    fast_path = fast_binary(node.operator, left.fast_path, right.fast_path)
    match node.operator:
        case "xor" | "implies":
            return _truth_code(_logic(node.operator, left, right), node.place, fast_path)
        case "=" | "!=" | "~" | "!~":
            return _truth_code(_equality(node.operator, left.run, right.run), node.place, fast_path)
        case "<" | "<=" | ">" | ">=":
            return _truth_code(
                _comparison(node.operator, left.run, right.run), node.place, fast_path
            )
        case "in" | "contains":
            return _truth_code(
                _membership(node.operator, left.run, right.run), node.place, fast_path
            )
    run = _arithmetic(node.operator, left.run, right.run)
    code = _code(run, _arithmetic_types(node.operator, left.types, right.types), node.place)
    return _with_fast_path(code, fast_path)


def _operands(compile_node: CompileNode, node: nodes.Binary, this: Types) -> list[Fragment]:
    parts: list[nodes.Node] = []
    rest: nodes.Node = node
    while isinstance(rest, nodes.Binary) and rest.operator == node.operator:
        parts.append(rest.right)
        rest = rest.left
    parts.append(rest)
    return [compile_node(part, this) for part in reversed(parts)]


def _operator_chain(operator: str, codes: list[Fragment], place: nodes.Place) -> Fragment:
    fast_path = codes[0].fast_path
    for code in codes[1:]:
        fast_path = fast_binary(operator, fast_path, code.fast_path)
    if operator == "|":
        return _with_fast_path(_union(codes, place), fast_path)
    truths = [code.with_fast_path().as_truth() for code in codes]
    decides = operator == "or"  # one true settles `or`, one false settles `and`

    def run(scope: Scope) -> bool | None:
        unknown = False
        first_error: FHIRPathError | None = None
        for operand in truths:
            try:
                value = operand(scope)
            except FHIRPathLimitError:
                raise
            except FHIRPathError as error:
                first_error = first_error or error
                continue
            if value is decides:
                return decides
            unknown = unknown or value is None
        if first_error is not None:  # the order of operands has no meaning: another could decide
            raise first_error
        return None if unknown else not decides

    return _truth_code(run, place, fast_path)


def _union(codes: list[Fragment], place: nodes.Place) -> Fragment:
    runs = [code.run for code in codes]

    def run(scope: Scope) -> list[Item]:
        items: list[Item] = []
        for operand in runs:
            items += operand(scope)
        return without_repetitions(items, scope.env)

    if all(code.fast_path is not None and code.fast_path.constant is not None for code in codes):
        return _constant_union(codes, run, place)
    return _code(run, join_types(*(code.types for code in codes)), place)


def _constant_union(codes: list[Fragment], run: Run, place: nodes.Place) -> Fragment:
    cached: list[list[Item]] = []

    def once(scope: Scope) -> list[Item]:
        if not cached:
            cached.append(run(scope))
        return cached[0]

    return _code(once, join_types(*(code.types for code in codes)), place)


def _logic(operator: str, left: Fragment, right: Fragment) -> Truth:
    first, second = left.with_fast_path().as_truth(), right.with_fast_path().as_truth()

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
        value = equal(left(scope), right(scope))
        return None if value is None else value is not negated

    def is_equivalent(scope: Scope) -> bool | None:
        return equivalent(left(scope), right(scope), scope.env) is not negated

    return is_equal if operator.endswith("=") else is_equivalent


def _comparison(operator: str, left: Run, right: Run) -> Truth:
    accepted = _COMPARISONS[operator]

    def compare(scope: Scope) -> bool | None:
        a = single(left(scope), f"the left side of '{operator}'")
        b = single(right(scope), f"the right side of '{operator}'")
        if a is None or b is None:
            return None
        sign = order(a, b)
        return None if sign is None else sign in accepted

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
            return item in item_set(collection, scope.env)
        return any(equal_items(item, other) is True for other in collection)

    return is_member


def _arithmetic(operator: str, left: Run, right: Run) -> Run:
    if operator == "&":
        return lambda scope: arithmetic.concatenate(left(scope), right(scope), scope.env)
    return lambda scope: arithmetic.arithmetic(operator, left(scope), right(scope), scope.env)


def _arithmetic_types(operator: str, left: Types, right: Types) -> Types:
    if operator == "&":
        return system("String")
    if left == right and left in (system("Integer"), system("Decimal"), system("String")):
        return system("Decimal") if operator == "/" else left
    return None


def _code(run: Run, types: Types, place: nodes.Place) -> Fragment:
    line, column = place.line, place.column

    def placed(scope: Scope) -> list[Item]:
        try:
            return run(scope)
        except FHIRPathError as error:
            error.at(line, column)
            raise

    return Fragment(placed, types)


def _truth_code(run: Truth, place: nodes.Place, fast_path: FastPath | None) -> Fragment:
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

    return Fragment(items, system("Boolean"), placed, fast_path=fast_path)


def _with_fast_path(code: Fragment, fast_path: FastPath | None) -> Fragment:
    return Fragment(code.run, code.types, code.truth, code.ordered, fast_path)
