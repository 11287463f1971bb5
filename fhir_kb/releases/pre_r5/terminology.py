"""ValueSet and CodeSystem: two operators more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.releases.transforms import recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, Transform

#: Both choose among the descendants; without the operator, the filter chooses them all.
_OPERATORS = {"child-of": "descendent-of", "descendent-leaf": "descendent-of"}

TRANSFORMS: dict[str, Transform] = {
    "CodeSystem.filter.operator": recoded(_OPERATORS),
    "ValueSet.compose.include.filter.op": recoded(_OPERATORS, clinical=True),
}
FALLBACKS: dict[str, Transform] = {}
FINISHERS: dict[str, tuple[Finisher, ...]] = {}
