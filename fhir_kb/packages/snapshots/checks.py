"""What a profile must not say, as its base does not allow it.

http://hl7.org/fhir/profiling.html#constraints; what HL7's generator refuses, no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.packages.snapshots.elements import (
    CORE_URL,
    capitalized,
    codes_of,
    imposed_profiles,
    profiles_of,
    types_of,
    value_properties,
)
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.elements import ElementJson
    from fhir_kb.packages.snapshots.lookup import StructureLookup

_SYSTEM: Final = "http://hl7.org/fhirpath/System."
_ANY: Final = {"Resource", "DomainResource", "Element", "BackboneElement", "Base", "DataType", "*"}
_TEXTS: Final = {"uri", "url", "uuid", "oid", "canonical", "string", "code", "id"}
_MAX_BASES: Final = 20


def check_types(
    base: ElementJson, change: ElementJson, element_id: str, structures: StructureLookup
) -> None:
    """SnapshotError: a type, or the target of a reference, is not one that the base allows."""
    allowed = codes_of(base)
    if not allowed or set(allowed) & _ANY - {"Resource"}:
        return
    for type_ in types_of(change):
        code = str(type_["code"])
        if code not in allowed and not _is_allowed(code, allowed, structures):
            raise SnapshotError(
                f"the base does not allow the type {code}",
                element_id,
                f"one of {', '.join(sorted(set(allowed)))}",
                certain=True,
            )
        _check_targets(base, type_, element_id, structures)


def _is_allowed(code: str, allowed: list[str], structures: StructureLookup) -> bool:
    name = code.removeprefix(CORE_URL)
    if any(allowed_code.startswith(_SYSTEM) for allowed_code in allowed):
        return True
    if name in {allowed_code.removeprefix(CORE_URL) for allowed_code in allowed}:
        return True
    if {code, *allowed} <= _TEXTS:
        return True
    return any(_derives(code, ancestor, structures) for ancestor in allowed)


def _derives(code: str, ancestor: str, structures: StructureLookup) -> bool:
    """Whether a type is derived from another; also where a definition is not available."""
    url = code if ":" in code else CORE_URL + code
    ancestor_url = ancestor if ":" in ancestor else CORE_URL + ancestor
    for _ in range(_MAX_BASES):
        if url.partition("|")[0] == ancestor_url.partition("|")[0]:
            return True
        definition = structures.find(url)
        if definition is None:
            return url not in (CORE_URL + code, code)
        url = str(definition.get("baseDefinition") or "")
        if not url:
            return False
    return False


def _check_targets(
    base: ElementJson, change: ElementJson, element_id: str, structures: StructureLookup
) -> None:
    allowed = [
        target
        for type_ in types_of(base)
        if type_["code"] == change["code"]
        for target in profiles_of(type_, "targetProfile")
    ]
    if not allowed or CORE_URL + "Resource" in allowed:
        return
    for target in profiles_of(change, "targetProfile"):
        if not any(_is_target(target, allowed_target, structures) for allowed_target in allowed):
            message = f"the base does not allow references to {target}"
            help_ = f"one of {', '.join(allowed)}"
            raise SnapshotError(message, element_id, help_, certain=True)


def _is_target(target: str, allowed: str, structures: StructureLookup) -> bool:
    definition = structures.find(target)
    allowed_definition = structures.find(allowed)
    if definition is None or allowed_definition is None:
        return True
    if allowed_definition.get("derivation") == "specialization" and definition.get(
        "type"
    ) == allowed_definition.get("type"):
        return True
    imposed = {url.partition("|")[0] for url in imposed_profiles(definition)}
    if allowed.partition("|")[0] in imposed:
        return True
    return _derives(target, allowed, structures)


def check_values(element: ElementJson, change: ElementJson, element_id: str) -> None:
    """SnapshotError: a fixed value or a pattern is of a type that the element does not have."""
    codes = codes_of(element)
    if not codes or any(":" in code for code in codes):
        return
    endings = {capitalized(code) for code in codes}
    for name in value_properties(change, ("fixed", "pattern")):
        ending = name.removeprefix("fixed").removeprefix("pattern")
        if ending not in endings and not endings & set(_ANY):
            message = f"{name}, but its type is {', '.join(sorted(codes))}"
            raise SnapshotError(message, element_id, "give a value of its type", certain=True)
