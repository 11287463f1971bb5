"""A fast path by property names: the outcome for every object with certain properties.

Most of FHIR's invariants test which elements are present: `code.empty() or system.exists()` holds
for every Quantity without a code, whatever the values of its properties. The outcome is UNKNOWN
where values could matter, or where an evaluation could fail.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from fhir_kb.fhirpath.syntax import nodes

if TYPE_CHECKING:
    from fhir_kb.fhirpath.types.schema import FhirType


class Outcome(Enum):
    """What is known of a result before the evaluation."""

    EMPTY = auto()
    TRUE = auto()
    FALSE = auto()
    #: One or more items.
    SOME = auto()
    UNKNOWN = auto()


#: Functions that give nothing for an empty input, and do not evaluate their arguments.
_EMPTY_OF_EMPTY: Final = frozenset(("where", "select", "repeat", "descendants", "children"))
#: The outcome of a function for an empty input.
_OF_EMPTY: Final = {
    "exists": Outcome.FALSE,
    "empty": Outcome.TRUE,
    "hasValue": Outcome.FALSE,
    "all": Outcome.TRUE,
    "isDistinct": Outcome.TRUE,
    "not": Outcome.EMPTY,
}
_OPPOSITE: Final = {
    Outcome.TRUE: Outcome.FALSE,
    Outcome.FALSE: Outcome.TRUE,
    Outcome.EMPTY: Outcome.EMPTY,
}
_TRUTHS: Final = (Outcome.TRUE, Outcome.FALSE)


def outcome_of(node: nodes.Node, this_type: FhirType, names: frozenset[str]) -> Outcome:
    """The outcome of an expression for an object of a type.

    Args:
        node: The expression.
        this_type: The type of the object.
        names: The names of its JSON properties. Their values are assumed to be valid: none is null
            or an empty list.
    """
    if isinstance(node, nodes.Literal):
        return _of_constant(node)
    if _is_this(node):
        return Outcome.SOME
    if isinstance(node, nodes.Member):
        if node.target is None:
            return _of_member(node.name, this_type, names)
        is_empty = outcome_of(node.target, this_type, names) is Outcome.EMPTY
        return Outcome.EMPTY if is_empty else Outcome.UNKNOWN
    if isinstance(node, nodes.Call) and node.target is not None:
        if node.name in ("repeat", "select") and _is_this(node.target):
            projected = outcome_of(node.arguments[0], this_type, names)
            return Outcome.EMPTY if projected is Outcome.EMPTY else Outcome.UNKNOWN
        return _of_call(node, outcome_of(node.target, this_type, names))
    if isinstance(node, nodes.Binary):
        left, right = (
            outcome_of(node.left, this_type, names),
            outcome_of(node.right, this_type, names),
        )
        return _of_binary(node.operator, left, right)
    return Outcome.UNKNOWN


def _is_this(node: nodes.Node) -> bool:
    """Whether the node is the object itself: there is no other $this, as where() is not entered."""
    return isinstance(node, nodes.This) or (
        isinstance(node, nodes.Variable) and node.name == "context"
    )


def _of_constant(node: nodes.Literal) -> Outcome:
    if not node.values:
        return Outcome.EMPTY
    value = node.values[0]
    if len(node.values) == 1 and isinstance(value, bool):
        return Outcome.TRUE if value else Outcome.FALSE
    return Outcome.SOME


def _of_member(name: str, this_type: FhirType, names: frozenset[str]) -> Outcome:
    """An element of $this; a name in upper case could be its type."""
    if this_type.is_open or this_type.system or name[:1].isupper() or name not in this_type.slots:
        return Outcome.UNKNOWN
    slots = this_type.slots[name]
    if any(slot.extra_key in names for slot in slots if slot.extra_key):
        return Outcome.UNKNOWN
    return Outcome.SOME if any(slot.key in names for slot in slots) else Outcome.EMPTY


def _of_call(node: nodes.Call, target: Outcome) -> Outcome:
    name = node.name
    if target is Outcome.EMPTY:
        return Outcome.EMPTY if name in _EMPTY_OF_EMPTY else _OF_EMPTY.get(name, Outcome.UNKNOWN)
    if name == "not":
        return _OPPOSITE.get(target, Outcome.UNKNOWN)
    if name in ("exists", "empty") and not node.arguments and target is not Outcome.UNKNOWN:
        return Outcome.TRUE if name == "exists" else Outcome.FALSE
    return Outcome.UNKNOWN


def _of_binary(operator: str, left: Outcome, right: Outcome) -> Outcome:
    if operator == "implies":
        return _implication(left, right)
    if operator in ("and", "or"):
        deciding = Outcome.TRUE if operator == "or" else Outcome.FALSE
        if deciding in (left, right):
            return deciding
        same = left is right and left in _TRUTHS
        return left if same else Outcome.UNKNOWN
    if operator in ("xor", "!=", "=") and left in _TRUTHS and right in _TRUTHS:
        is_true = (left is right) is (operator == "=")
        return Outcome.TRUE if is_true else Outcome.FALSE
    if operator == "|" and left is right is Outcome.EMPTY:
        return Outcome.EMPTY
    return Outcome.UNKNOWN


def _implication(left: Outcome, right: Outcome) -> Outcome:
    if left is Outcome.FALSE:
        return Outcome.TRUE
    if left is Outcome.TRUE:
        return right if right in _TRUTHS else Outcome.UNKNOWN
    # An empty condition implies only what is true anyway.
    return Outcome.TRUE if left is Outcome.EMPTY and right is Outcome.TRUE else Outcome.UNKNOWN
