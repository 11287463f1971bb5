"""The R4B profiles that our resources may claim: the core's shareable ones.

CPG and CRMI are R4, EBMonFHIR is R5. R4B has no shareable profile for plans, and its computable one
demands a library with logic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.releases.profile_claims import ClaimedProfile, both, has

if TYPE_CHECKING:
    from collections.abc import Mapping

_CORE = "http://hl7.org/fhir/StructureDefinition/shareable"
_shared = has("url", "version", "name", "experimental", "publisher", "description")


def _has_concepts(system: Mapping[str, Any]) -> bool:
    return bool(system.get("concept"))


PROFILES: tuple[ClaimedProfile, ...] = (
    ClaimedProfile("ActivityDefinition", _CORE + "activitydefinition", _shared),
    ClaimedProfile("Library", _CORE + "library", _shared),
    ClaimedProfile("ValueSet", _CORE + "valueset", _shared),
    ClaimedProfile("CodeSystem", _CORE + "codesystem", both(_shared, _has_concepts)),
)
