"""What an expression surely gives for all objects that have the same properties.

Most of FHIR's invariants ask which elements are there: `code.empty() or system.exists()` holds
for every Quantity without a code, and whoever knows the names of its properties needs no look at
their values. Nothing is said where values could matter, or where an evaluation could fail.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from fhir_kb.fhirpath import nodes

if TYPE_CHECKING:
    from fhir_kb.fhirpath.model import FhirType


class Shape(Enum):
    """What is known of a result beforehand."""

    EMPTY = auto()
    TRUE = auto()
    FALSE = auto()
    #: One or more items, of which nothing else is known.
    SOME = auto()
    UNKNOWN = auto()


#: Functions of no input that give nothing, and do not even look at their arguments.
_NOTHING_OF_NOTHING: Final = frozenset(("where", "select", "repeat", "descendants", "children"))
#: What functions say of an empty input.
_OF_EMPTY: Final = {
    "exists": Shape.FALSE,
    "empty": Shape.TRUE,
    "hasValue": Shape.FALSE,
    "all": Shape.TRUE,
    "isDistinct": Shape.TRUE,
    "not": Shape.EMPTY,
}
_OPPOSITE: Final = {Shape.TRUE: Shape.FALSE, Shape.FALSE: Shape.TRUE, Shape.EMPTY: Shape.EMPTY}
_TRUTHS: Final = (Shape.TRUE, Shape.FALSE)


def shape_of(node: nodes.Node, kind: FhirType, names: frozenset[str]) -> Shape:
    """The shape of an expression's result for an object of a type that has these properties.

    names: as JSON has them. Their values are taken to be right: none is null or an empty list.
    """
    if isinstance(node, nodes.Literal):
        return _of_constant(node)
    if _is_this(node):
        return Shape.SOME
    if isinstance(node, nodes.Member):
        if node.target is None:
            return _of_member(node.name, kind, names)
        is_empty = shape_of(node.target, kind, names) is Shape.EMPTY
        return Shape.EMPTY if is_empty else Shape.UNKNOWN
    if isinstance(node, nodes.Call) and node.target is not None:
        if node.name in ("repeat", "select") and _is_this(node.target):
            projected = shape_of(node.arguments[0], kind, names)
            return Shape.EMPTY if projected is Shape.EMPTY else Shape.UNKNOWN
        return _of_call(node, shape_of(node.target, kind, names))
    if isinstance(node, nodes.Binary):
        left, right = shape_of(node.left, kind, names), shape_of(node.right, kind, names)
        return _of_binary(node.operator, left, right)
    return Shape.UNKNOWN


def _is_this(node: nodes.Node) -> bool:
    """Whether it is the object itself; nothing here is inside of where() or the like."""
    return isinstance(node, nodes.This) or (
        isinstance(node, nodes.Variable) and node.name == "context"
    )


def _of_constant(node: nodes.Literal) -> Shape:
    if not node.values:
        return Shape.EMPTY
    value = node.values[0]
    if len(node.values) == 1 and isinstance(value, bool):
        return Shape.TRUE if value else Shape.FALSE
    return Shape.SOME


def _of_member(name: str, kind: FhirType, names: frozenset[str]) -> Shape:
    """An element of $this; a name in upper case could be its type."""
    if kind.is_open or kind.system or name[:1].isupper() or name not in kind.slots:
        return Shape.UNKNOWN
    slots = kind.slots[name]
    if any(slot.extra_key in names for slot in slots if slot.extra_key):
        return Shape.UNKNOWN
    return Shape.SOME if any(slot.key in names for slot in slots) else Shape.EMPTY


def _of_call(node: nodes.Call, target: Shape) -> Shape:
    name = node.name
    if target is Shape.EMPTY:
        return Shape.EMPTY if name in _NOTHING_OF_NOTHING else _OF_EMPTY.get(name, Shape.UNKNOWN)
    if name == "not":
        return _OPPOSITE.get(target, Shape.UNKNOWN)
    if name in ("exists", "empty") and not node.arguments and target is not Shape.UNKNOWN:
        return Shape.TRUE if name == "exists" else Shape.FALSE
    return Shape.UNKNOWN


def _of_binary(operator: str, left: Shape, right: Shape) -> Shape:
    if operator == "implies":
        return _implication(left, right)
    if operator in ("and", "or"):
        deciding = Shape.TRUE if operator == "or" else Shape.FALSE
        if deciding in (left, right):
            return deciding
        same = left is right and left in _TRUTHS
        return left if same else Shape.UNKNOWN
    if operator in ("xor", "!=", "=") and left in _TRUTHS and right in _TRUTHS:
        is_true = (left is right) is (operator == "=")
        return Shape.TRUE if is_true else Shape.FALSE
    if operator == "|" and left is right is Shape.EMPTY:
        return Shape.EMPTY
    return Shape.UNKNOWN


def _implication(left: Shape, right: Shape) -> Shape:
    if left is Shape.FALSE:
        return Shape.TRUE
    if left is Shape.TRUE:
        return right if right in _TRUTHS else Shape.UNKNOWN
    # Of nothing follows only what is true anyway.
    return Shape.TRUE if left is Shape.EMPTY and right is Shape.TRUE else Shape.UNKNOWN
