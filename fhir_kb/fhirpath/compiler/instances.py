"""Instance selectors: `Coding { system: '…', code: '…' }` makes an element."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError, FHIRPathSemanticError
from fhir_kb.fhirpath.evaluation.items import Element, Item, system_name
from fhir_kb.fhirpath.values.system import Quantity
from fhir_kb.fhirpath.values.temporal import Temporal

if TYPE_CHECKING:
    from fhir_kb.fhirpath.compiler.fragment import CompileNode
    from fhir_kb.fhirpath.evaluation.scope import Run, Scope
    from fhir_kb.fhirpath.syntax import nodes
    from fhir_kb.fhirpath.types.schema import FhirType, Schema, Slot
    from fhir_kb.fhirpath.types.static_types import Types


def instance(
    compile_node: CompileNode, schema: Schema, node: nodes.Instance, this: Types
) -> tuple[Run, Types]:
    """What makes the element, and its type. Raises FHIRPathSemanticError for unknown names."""
    line, column = node.place.line, node.place.column
    name = node.type_name.removeprefix("FHIR.")
    if not schema.knows(name):
        raise FHIRPathSemanticError(f"there is no type '{node.type_name}'", line, column)
    instance_type = schema.type(name)
    parts: list[tuple[tuple[Slot, ...], str, Run]] = []
    for element, value in node.elements:
        slots = instance_type.slots.get(element, ())
        if not slots and not (instance_type.system and element == "value"):
            raise FHIRPathSemanticError(f"{name} has no element '{element}'", line, column)
        parts.append((slots, element, compile_node(value, this).run))

    def run(scope: Scope) -> list[Item]:
        if instance_type.system:
            values = [
                _json(item)
                for _, element, value in parts
                if element == "value"
                for item in value(scope)
            ]
            return [Element(values[0] if values else None, instance_type)]
        content: dict[str, Any] = {"resourceType": name} if instance_type.is_resource else {}
        for slots, element, value in parts:
            if items := value(scope):
                slot = _slot(slots, items[0], element)
                _put(content, slot, items, element)
        return [Element(content, instance_type)]

    return run, frozenset((instance_type,))


def _slot(slots: tuple[Slot, ...], item: Item, element: str) -> Slot:
    """The slot for an item of that type: the right one of value[x]."""
    if len(slots) == 1:
        return slots[0]
    for slot in slots:
        if slot.type is not None and _fits(slot.type, item):
            return slot
    raise FHIRPathExecutionError(f"'{element}' cannot have a value of this type")


def _fits(slot_type: FhirType, item: Item) -> bool:
    if isinstance(item, Element):
        return item.type.name == slot_type.name
    name = system_name(item)
    return slot_type.name == name[0].lower() + name[1:] or (
        name == "Quantity" and slot_type.name == name
    )


def _put(content: dict[str, Any], slot: Slot, items: list[Item], element: str) -> None:
    if slot.is_array:
        content[slot.key] = [_json(item) for item in items]
    elif len(items) == 1:
        content[slot.key] = _json(items[0])
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
