"""Fast paths of `$this` and of the elements below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.fast_path.fast_path import FastPath, Values, needs_full_evaluation
from fhir_kb.fhirpath.types.schema import slots_by_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath.types.schema import FhirType, Slot
    from fhir_kb.fhirpath.types.static_types import Types

_NOTHING: list[Any] = []


def fast_this(types: Types) -> FastPath | None:
    """`$this`, if its type is known."""
    if types is None or len(types) != 1:
        return None
    (this_type,) = types
    if isinstance(this_type, str) or this_type.is_open:
        return None
    return FastPath(values=lambda this: [this], type=this_type, is_this=True)


def fast_member(target: FastPath | None, types: Types, name: str) -> FastPath | None:
    """The element `name` of the target, whose types are given."""
    if target is None or target.values is None:
        return None
    if target.type is None or types is None:
        return fast_if_empty(target)
    if target.type.is_open or (target.type.system and name == "value"):
        return None
    if target.type.system:
        return FastPath(values=_hand_over)
    slots = target.type.slots.get(name, ())
    element_type = slots[0].type if len(slots) == 1 else None
    if target.is_this and len(slots) == 1:
        return FastPath(values=_property_of_this(slots[0]), type=element_type)
    is_choice = len(slots) > 1
    by_key = {key: slot for slot in slots for key in (slot.extra_key, slot.key) if key}
    return FastPath(
        values=_properties(target.values, by_key, is_choice=is_choice), type=element_type
    )


def _hand_over(_: Any) -> list[Any]:
    raise needs_full_evaluation()


def _properties(parents: Values, by_key: Mapping[str, Slot], *, is_choice: bool) -> Values:
    def values(this: Any) -> list[Any]:
        items: list[Any] = []
        for parent in parents(this):
            if isinstance(parent, dict):
                for key in parent if is_choice else by_key:
                    slot = by_key.get(key)
                    if slot is not None and (key == slot.key or slot.key not in parent):
                        items += _read(parent, slot)
        return items

    return values


def _property_of_this(slot: Slot) -> Values:
    key, extra_key = slot.key, slot.extra_key

    def values(this: Any) -> list[Any]:
        if not isinstance(this, dict):
            return _NOTHING  # malformed content is reported by the check of the structure
        value = this.get(key)
        if value is None:
            has_extra = extra_key and this.get(extra_key) is not None
            return _read(this, slot) if has_extra else _NOTHING
        if isinstance(value, list):
            return _read(this, slot)
        return [value]

    return values


def _read(parent: dict[str, Any], slot: Slot) -> list[Any]:
    value = parent.get(slot.key)
    extra = parent.get(slot.extra_key) if slot.extra_key else None
    if isinstance(value, list):
        if extra is None:
            return [item for item in value if item is not None]
    elif value is not None:
        return [value]
    elif extra is None:
        return _NOTHING
    if not isinstance(value, list) and not isinstance(extra, list):
        return [None]
    values = value if isinstance(value, list) else []
    extras = extra if isinstance(extra, list) else []
    length = max(len(values), len(extras))
    pairs = zip(
        values + [None] * (length - len(values)),
        extras + [None] * (length - len(extras)),
        strict=True,
    )
    return [item for item, beside in pairs if item is not None or beside is not None]


def fast_children(values: Values, parent_type: FhirType) -> Values:
    """children() of elements of a type."""

    def children(this: Any) -> list[Any]:
        slots = slots_by_key(parent_type)
        items: list[Any] = []
        for parent in values(this):
            if not isinstance(parent, dict):  # the children of a primitive are in `_x`
                raise needs_full_evaluation()
            for key in parent:
                slot = slots.get(key)
                if slot is not None and (slot.key == key or slot.key not in parent):
                    items += _read(parent, slot)
        return items

    return children


def fast_if_empty(target: FastPath | None) -> FastPath | None:
    """What has no fast path, but is certainly empty where the target is."""
    if target is None or target.values is None:
        return None
    values = target.values

    def nothing(this: Any) -> list[Any]:
        if values(this):
            raise needs_full_evaluation()
        return _NOTHING

    return FastPath(values=nothing)
