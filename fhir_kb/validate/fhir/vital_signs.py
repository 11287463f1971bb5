"""Vital signs: an Observation with one of these codes has to conform to a profile of FHIR's.

http://hl7.org/fhir/observation-vitalsigns.html: "SHALL conform", whatever `meta.profile` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOINC: Final = "http://loinc.org"
_PROFILES: Final = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}


def implied_profile(resource: Mapping[str, Any]) -> str | None:
    """The profile that an Observation has to conform to because of its code, or None."""
    if resource.get("resourceType") != "Observation":
        return None
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for one in codings if isinstance(codings, list) else ():
        if isinstance(one, dict) and one.get("system") == _LOINC:
            name = _PROFILES.get(str(one.get("code")))
            if name is not None:
                return f"http://hl7.org/fhir/StructureDefinition/{name}"
    return None
