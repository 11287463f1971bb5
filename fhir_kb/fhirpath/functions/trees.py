"""FHIRPath: Tree navigation, and reflection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.errors import FHIRPathLimitError
from fhir_kb.fhirpath.evaluation.items import Element, Item, type_of
from fhir_kb.fhirpath.evaluation.services import MAX_ITEMS
from fhir_kb.fhirpath.functions.registry import function

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.scope import Scope


@function("children")
def children(scope: Scope, focus: list[Item]) -> list[Item]:
    """All child elements."""
    elements: list[Item] = []
    for item in focus:
        if isinstance(item, Element):
            elements += item.all_children()
    scope.env.spend(len(elements))
    return elements


@function("descendants")
def descendants(scope: Scope, focus: list[Item]) -> list[Item]:
    """All elements below, whatever their depth."""
    elements: list[Item] = []
    level = focus
    while level:
        level = children(scope, level)
        elements += level
        if len(elements) > MAX_ITEMS:
            raise FHIRPathLimitError(f"a collection would have more than {MAX_ITEMS} items")
    return elements


@function("type")
def type_info(scope: Scope, focus: list[Item]) -> list[Item]:
    """The types of the items."""
    scope.env.spend(len(focus))
    return [type_of(item) for item in focus]


@function("pathname", "value?", returns="String")
def pathname(_: Scope, focus: list[Item], short: list[Item] | None = None) -> list[Item]:
    """The place of each element in the resource; `short` omits [0] outside lists."""
    if short == [True]:
        return [item.path for item in focus if isinstance(item, Element)]
    return [_indexed(item) for item in focus if isinstance(item, Element)]


def _indexed(element: Element) -> str:
    if element.parent is None:
        return element.path
    return f"{_indexed(element.parent)}.{element.name}[{max(element.index, 0)}]"
