"""`Coding { system: '…', code: '…' }`: an element made by the expression."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError, FHIRPathSemanticError
from fhir_kb.fhirpath.items import Element, Item, system_name
from fhir_kb.fhirpath.temporal import Temporal
from fhir_kb.fhirpath.values import Quantity

if TYPE_CHECKING:
    from fhir_kb.fhirpath import nodes
    from fhir_kb.fhirpath.compiler import Compiler
    from fhir_kb.fhirpath.functions.registry import Run
    from fhir_kb.fhirpath.model import FhirType, Slot
    from fhir_kb.fhirpath.scope import Scope
    from fhir_kb.fhirpath.typing_rules import Types


def instance(compiler: Compiler, node: nodes.Instance, this: Types) -> tuple[Run, Types]:
    """What makes the element, and its type. Raises FHIRPathSemanticError for unknown names."""
    schema = compiler.schema
    line, column = node.place.line, node.place.column
    name = node.type_name.removeprefix("FHIR.")
    if not schema.knows(name):
        raise FHIRPathSemanticError(f"there is no type '{node.type_name}'", line, column)
    kind = schema.type(name)
    parts: list[tuple[tuple[Slot, ...], str, Run]] = []
    for element, value in node.elements:
        slots = kind.slots.get(element, ())
        if not slots and not (kind.system and element == "value"):
            raise FHIRPathSemanticError(f"{name} has no element '{element}'", line, column)
        parts.append((slots, element, compiler.compile(value, this).run))

    def run(scope: Scope) -> list[Item]:
        if kind.system:
            values = [
                _json(item)
                for _, element, one in parts
                if element == "value"
                for item in one(scope)
            ]
            return [Element(values[0] if values else None, kind)]
        made: dict[str, Any] = {"resourceType": name} if kind.is_resource else {}
        for slots, element, one in parts:
            if items := one(scope):
                slot = _slot(slots, items[0], element)
                _put(made, slot, items, element)
        return [Element(made, kind)]

    return run, frozenset((kind,))


def _slot(slots: tuple[Slot, ...], item: Item, element: str) -> Slot:
    """Where an item of that type belongs: the right one of value[x]."""
    if len(slots) == 1:
        return slots[0]
    for slot in slots:
        if slot.type is not None and _fits(slot.type, item):
            return slot
    raise FHIRPathExecutionError(f"'{element}' cannot have a value of this type")


def _fits(kind: FhirType, item: Item) -> bool:
    if isinstance(item, Element):
        return item.type.name == kind.name
    name = system_name(item)
    return kind.name == name[0].lower() + name[1:] or (name == "Quantity" and kind.name == name)


def _put(made: dict[str, Any], slot: Slot, items: list[Item], element: str) -> None:
    if slot.is_array:
        made[slot.key] = [_json(item) for item in items]
    elif len(items) == 1:
        made[slot.key] = _json(items[0])
    else:
        raise FHIRPathExecutionError(f"'{element}' has one value, not {len(items)}")


def _json(item: Item) -> Any:
    if isinstance(item, Element):
        return item.value
    if isinstance(item, Temporal):
        return str(item)
    if isinstance(item, Quantity):
        code = {"code": item.unit, "system": "http://unitsofmeasure.org"}
        return {"value": item.value, "unit": item.unit, **({} if item.is_calendar else code)}
    if isinstance(item, bool | int | Decimal | str):
        return item
    return str(item)
