"""What a profile must not say: that which is more than its base allows.

http://hl7.org/fhir/profiling.html#constraints; what HL7's generator refuses, no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.packages.snapshots.elements import (
    TYPES,
    capital,
    codes_of,
    imposed_profiles,
    profiles_of,
    types_of,
    valued,
)
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.elements import Element
    from fhir_kb.packages.snapshots.lookup import Sources

_SYSTEM: Final = "http://hl7.org/fhirpath/System."
_ANY: Final = {"Resource", "DomainResource", "Element", "BackboneElement", "Base", "DataType", "*"}


def check_types(base: Element, change: Element, name: str, sources: Sources) -> None:
    """SnapshotError: a type, or what a reference is to, is not one that the base allows."""
    allowed = codes_of(base)
    if not allowed or set(allowed) & _ANY - {"Resource"}:
        return
    for one in types_of(change):
        code = str(one["code"])
        if code not in allowed and not _is_allowed(code, allowed, sources):
            advice = f"one of {', '.join(sorted(set(allowed)))}"
            raise SnapshotError(
                f"the base does not allow the type {code}", name, advice, certain=True
            )
        _check_targets(base, one, name, sources)


def _is_allowed(code: str, allowed: list[str], sources: Sources) -> bool:
    short = code.removeprefix(TYPES)
    if any(one.startswith(_SYSTEM) for one in allowed):
        return True
    if short in {one.removeprefix(TYPES) for one in allowed}:
        return True
    if {code, *allowed} <= {"uri", "url", "uuid", "oid", "canonical", "string", "code", "id"}:
        return True
    return any(_derives(code, one, sources) for one in allowed)


def _derives(code: str, ancestor: str, sources: Sources) -> bool:
    """Whether the type is, by its definitions, or may be one of another."""
    url = code if ":" in code else TYPES + code
    wanted = ancestor if ":" in ancestor else TYPES + ancestor
    for _ in range(20):
        if url.partition("|")[0] == wanted.partition("|")[0]:
            return True
        found = sources.found(url)
        if found is None:
            # What is not known can't be said to be wrong.
            return url not in (TYPES + code, code)
        url = str(found.get("baseDefinition") or "")
        if not url:
            return False
    return False


def _check_targets(base: Element, change: Element, name: str, sources: Sources) -> None:
    wanted = [
        target
        for one in types_of(base)
        if one["code"] == change["code"]
        for target in profiles_of(one, "targetProfile")
    ]
    if not wanted or TYPES + "Resource" in wanted:
        return
    for target in profiles_of(change, "targetProfile"):
        if not any(_is_target(target, one, sources) for one in wanted):
            message = f"the base does not allow references to {target}"
            advice = f"one of {', '.join(wanted)}"
            raise SnapshotError(message, name, advice, certain=True)


def _is_target(target: str, wanted: str, sources: Sources) -> bool:
    found = sources.found(target)
    goal = sources.found(wanted)
    if found is None or goal is None:
        return True
    if goal.get("derivation") == "specialization" and found.get("type") == goal.get("type"):
        return True
    imposed = {url.partition("|")[0] for url in imposed_profiles(found)}
    if wanted.partition("|")[0] in imposed:
        return True
    return _derives(target, wanted, sources)


def check_values(element: Element, change: Element, name: str) -> None:
    """SnapshotError: a fixed value or a pattern is of a type that the element does not have."""
    codes = codes_of(element)
    if not codes or any(":" in one for one in codes):
        return
    endings = {capital(one) for one in codes}
    for key in valued(change, ("fixed", "pattern")):
        ending = key.removeprefix("fixed").removeprefix("pattern")
        if ending not in endings and not endings & set(_ANY):
            message = f"{key}, but its type is {', '.join(sorted(codes))}"
            raise SnapshotError(message, name, "give a value of its type", certain=True)
