"""What R4B and R4 have in common against R5: steps by R5 element, and what follows an element."""

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
    from fhir_kb.releases.lowering import Finisher, Transform

_MODULES = (activity, composition, datatypes, notes, people, plan, related, terminology, variable)

RULES: dict[str, Transform] = {key: step for one in _MODULES for key, step in one.RULES.items()}
FALLBACKS: dict[str, Transform] = {
    key: step for one in _MODULES for key, step in one.FALLBACKS.items()
}
FINISH: dict[str, tuple[Finisher, ...]] = {
    key: steps for one in _MODULES for key, steps in one.FINISH.items()
}
