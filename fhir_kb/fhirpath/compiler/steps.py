"""The steps of a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.diagnostics import nearest
from fhir_kb.fhirpath.compiler.fragment import Fragment
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathSemanticError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Element, Item
from fhir_kb.fhirpath.evaluation.scope import Scope
from fhir_kb.fhirpath.types.static_types import Types, slots_of
from fhir_kb.fhirpath.values.system import Quantity, TypeInfo

if TYPE_CHECKING:
    from fhir_kb.fhirpath.syntax import nodes

Step: TypeAlias = Callable[[Scope, list[Item]], list[Item]]


def after(code: Fragment, step: Step, types: Types, place: nodes.Place) -> Fragment:
    """The code, and then a step; an error of the step gets its place."""
    run = code.run
    line, column = place.line, place.column

    def placed(scope: Scope) -> list[Item]:
        items = run(scope)
        try:
            return step(scope, items)
        except FHIRPathError as error:
            error.at(line, column)
            raise

    return Fragment(placed, types, ordered=code.ordered)


def json_children(element: Element, name: str) -> list[Item]:
    """The children of that name, which may also be `valueQuantity`."""
    slots = slots_of(element.type, name, json_names=True)
    keys = {slot.key for slot in slots}
    children = element.children(name)
    if children or not slots:
        return list(children)
    return [
        child
        for child in element.all_children()
        if f"{child.name}{child.type.name[:1].upper()}{child.type.name[1:]}" in keys
    ]


def system_member(item: Item, name: str) -> list[Item]:
    """The members of a System value: the value and unit of a Quantity, the name of a type."""
    if isinstance(item, TypeInfo):
        value = {"name": item.name, "namespace": item.namespace, "baseType": item.base}.get(name)
        return [value] if value else EMPTY
    if isinstance(item, Quantity):
        if name == "value":
            return [item.value]
        return [item.unit] if name in ("unit", "code") else EMPTY
    return EMPTY


def hint(name: str, names: frozenset[str]) -> str:
    """A suggestion of the name that was probably meant, as the end of a message."""
    suggestion = nearest(name, names)
    return f"; did you mean '{suggestion}'?" if suggestion else ""


def require_order(code: Fragment, what: str, place: nodes.Place) -> None:
    """Raise FHIRPathSemanticError where the items of the code have no order."""
    if not code.ordered:
        raise FHIRPathSemanticError(
            f"{what} needs an order, which children() and descendants() do not have",
            place.line,
            place.column,
        )
