"""What R4B and R4 have in common against R5: transforms by R5 element, and finishers by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.releases.pre_r5 import (
    activity,
    composition,
    datatypes,
    notes,
    people,
    plan,
    related,
    terminology,
    variable,
)

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, Transform

_MODULES = (activity, composition, datatypes, notes, people, plan, related, terminology, variable)

TRANSFORMS: dict[str, Transform] = {
    key: transform for module in _MODULES for key, transform in module.TRANSFORMS.items()
}
FALLBACKS: dict[str, Transform] = {
    key: transform for module in _MODULES for key, transform in module.FALLBACKS.items()
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {
    key: finishers for module in _MODULES for key, finishers in module.FINISHERS.items()
}
