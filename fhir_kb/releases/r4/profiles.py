"""The R4 profiles that our resources may claim: CRMI's and CPG's.

Read off http://hl7.org/fhir/uv/crmi (2.0.0) and http://hl7.org/fhir/uv/cpg (2.0.0). CRMI's
shareable and publishable profiles do not derive from each other: each is claimed where it is met.

A plan with graded actions claims none. Two definitions have the urls of strength and quality: R4's
core (4.0.1) allows them on an Attachment alone, HL7's extensions package on PlanDefinition.action,
where CPG's profiles have their slices. HL7's validator (6.9.4) takes the newer one, unless a
profile is claimed: then it goes by the dependencies of that profile's package, which name the core
first, and refuses what the profile itself has. The grades are kept rather than the claim.
cpg-recommendationdefinition is therefore never claimed: whatever meets it, is graded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.releases.grade_extensions import QUALITY, STRENGTH
from fhir_kb.releases.profile_claims import (
    ClaimedProfile,
    at_most_one,
    both,
    coded,
    equal,
    extension_urls,
    has,
    is_sound_code_system,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.releases.profile_claims import Condition

_CRMI = "http://hl7.org/fhir/uv/crmi/StructureDefinition/crmi-"
_CPG = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-"
_ACTIVITY_TYPE = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-activity-type-cs"
_LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"
_GRADES = frozenset((STRENGTH, QUALITY))


def _is_ungraded(plan: Mapping[str, Any]) -> bool:
    """No action, at any depth, has a strength or a quality."""
    return not any(
        _GRADES & extension_urls(action) or not _is_ungraded(action)
        for action in plan.get("action", ())
    )


_shared = has("url", "version", "title", "description")
_SHAREABLE: dict[str, Condition] = {
    "PlanDefinition": both(_shared, _is_ungraded),
    "ActivityDefinition": both(_shared, has("experimental")),
    "Library": _shared,
    "ValueSet": both(_shared, has("experimental")),
    "CodeSystem": both(_shared, has("experimental", "caseSensitive"), is_sound_code_system),
}
_DATED: dict[str, Condition] = {
    "PlanDefinition": both(has("date"), _is_ungraded),
    "Library": has("date", "type"),
}


def _crmi() -> tuple[ClaimedProfile, ...]:
    profiles = []
    for kind, condition in _SHAREABLE.items():
        dated = _DATED.get(kind, has("date"))
        profiles.append(ClaimedProfile(kind, f"{_CRMI}shareable{kind.lower()}", condition))
        profiles.append(ClaimedProfile(kind, f"{_CRMI}publishable{kind.lower()}", dated))
    return tuple(profiles)


def _is_manifest(library: Mapping[str, Any]) -> bool:
    """An asset collection without content; each part and need leads somewhere (mnf-1, mnf-2)."""
    listed = (
        artifact
        for artifact in library.get("relatedArtifact", ())
        if artifact.get("type") in ("composed-of", "depends-on")
    )
    reference = (
        "http://hl7.org/fhir/5.0/StructureDefinition/extension-RelatedArtifact.resourceReference"
    )
    return (
        coded("type", _LIBRARY_TYPE, "asset-collection")(library)
        and "content" not in library
        and all(
            ("resource" in artifact) != (reference in extension_urls(artifact))
            for artifact in listed
        )
    )


_computable_plan = both(has("type", "action"), at_most_one("library"), _is_ungraded)
_computable_activity = both(has("kind"), at_most_one("library"))


def _request(kind: str, code: str) -> ClaimedProfile:
    """An activity that proposes a request of that kind, coded as CPG codes activities."""
    name = kind.lower()
    return ClaimedProfile(
        "ActivityDefinition",
        f"{_CPG}{name}activity"
        if kind != "CommunicationRequest"
        else f"{_CPG}communicationactivity",
        both(
            _computable_activity,
            equal("kind", kind),
            equal("profile", f"{_CPG}{name}"),
            coded("code", _ACTIVITY_TYPE, code),
            equal("intent", "proposal"),
            has("doNotPerform"),
        ),
    )


PROFILES: tuple[ClaimedProfile, ...] = (
    *_crmi(),
    ClaimedProfile("Library", _CRMI + "manifestlibrary", _is_manifest),
    ClaimedProfile("PlanDefinition", _CPG + "computableplandefinition", _computable_plan),
    ClaimedProfile("ActivityDefinition", _CPG + "computableactivity", _computable_activity),
    _request("ServiceRequest", "order-service"),
    _request("CommunicationRequest", "send-message"),
    _request("MedicationRequest", "order-medication"),
)
