"""Profiles that are given as resources, held against their bases.

http://hl7.org/fhir/profiling.html: what a profile says must be as narrow as what its base says. The
base is looked up by canonical; of a profile whose base is not at hand nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots import SnapshotError, contradictions, snapshot
from fhir_kb.validate.codes import (
    CONTRADICTS_BASE,
    NO_SNAPSHOT,
    NOT_AN_OBLIGATION,
)
from fhir_kb.validate.core.issue import Finding, located_at, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.resources.structure_definitions.element_order import unmatched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions

_FEW: Final = 10
_OBLIGATION_PROFILE: Final = "http://hl7.org/fhir/StructureDefinition/obligation-profile"
_OBLIGATIONS: Final = frozenset(
    {
        "http://hl7.org/fhir/StructureDefinition/obligation",
        "http://hl7.org/fhir/tools/StructureDefinition/obligation",
    }
)
#: What an element of an obligation profile may have.
_ALLOWED: Final = frozenset({"id", "path", "sliceName", "extension", "mustSupport", "binding"})


def check_profile(
    value: Mapping[str, Any],
    base: Mapping[str, Any],
    known: Canonicals,
    definitions: Definitions,
) -> list[Finding]:
    """What is wrong with a StructureDefinition, seen from its base; of a new type nothing is."""
    if value.get("derivation") != "constraint":
        return []
    found = _unmatched(value, definitions)
    found += _against_base(value, known, is_matched=not found)
    found += _other_codes(value, base, definitions)
    if _is_obligation_profile(value):
        found += _obligations(value, base, known)
    return found


def _unmatched(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Elements that are lost, because the base has none that they match."""
    found: list[Finding] = []
    places = dict(objects(value.get("differential"), "element"))
    names: list[str] = []
    for number in unmatched(value, definitions):
        names.append(text(places[number], "id") or text(places[number], "path"))
        message = f"nothing in the base matches {names[-1]}, or not after what stands before it"
        advice = "correct the path, or bring the elements into the base's order"
        found += under(report(NO_SNAPSHOT, message, advice), "differential", "element", number)
    if names:
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        message = f"elements that match nothing in the base: {', '.join(names[:_FEW])}{more}"
        found += report(NO_SNAPSHOT, message)
    return found


def _against_base(
    value: Mapping[str, Any], known: Canonicals, *, is_matched: bool
) -> list[Finding]:
    """What is wrong with the whole, each with the element that shows it."""
    places = dict(objects(value.get("differential"), "element"))
    try:
        noted = contradictions(value, known)
    except SnapshotError as error:
        if not error.certain or not is_matched or _is_told(value, error):
            return []
        named = (n for n, one in places.items() if error.path in (one.get("id"), one.get("path")))
        advice = error.advice or None
        message = f"no snapshot can be made of the profile: {error}"
        return _shown(report(NO_SNAPSHOT, message, advice), next(named, None))
    found: list[Finding] = []
    by_element = {id(one): number for number, one in places.items()}
    for one in noted:
        bad = report(CONTRADICTS_BASE, f"{one.id}: {one.message}")
        located_at(bad, one.property)
        found += _shown(bad, by_element.get(id(one.said)))
    return found


def _other_codes(
    value: Mapping[str, Any], base: Mapping[str, Any], definitions: Definitions
) -> list[Finding]:
    """Bindings to codes that a required binding of the base does not have.

    http://hl7.org/fhir/profiling.html#binding. Only of value sets all of whose codes are known.
    """
    required = {
        text(one, "path"): text(one.get("binding"), "valueSet")
        for _, one in objects(base.get("snapshot"), "element")
        if text(one.get("binding"), "strength") == "required" and not one.get("sliceName")
    }
    found: list[Finding] = []
    for number, one in objects(value.get("differential"), "element"):
        wanted, stated = required.get(text(one, "path"), ""), text(one.get("binding"), "valueSet")
        if not wanted or not stated or stated.partition("|")[0] == wanted.partition("|")[0]:
            continue
        allowed, codes = definitions.value_set(wanted), definitions.value_set(stated)
        if allowed is None or codes is None or not (allowed.is_complete and codes.is_complete):
            continue
        more = sorted(
            code
            for system, listed in codes.systems.items()
            for code in listed - allowed.systems.get(system, frozenset())
        )
        if more:
            message = f"{one.get('id')}: {stated} has codes that {wanted} has not: "
            message += ", ".join(more[:_FEW])
            found += _shown(located_at(report(CONTRADICTS_BASE, message), "binding"), number)
    return found


def _is_told(value: Mapping[str, Any], error: SnapshotError) -> bool:
    """Whether another rule says the same: the root is sliced."""
    return error.path == value.get("type")


def _shown(found: list[Finding], number: int | None) -> list[Finding]:
    """The findings, which are about the whole, with that element as the place in the text."""
    if number is None:
        return found
    return located_at(found, "differential", "element", number)


def _is_obligation_profile(value: Mapping[str, Any]) -> bool:
    extensions = value.get("extension")
    return isinstance(extensions, list) and any(
        isinstance(one, dict)
        and one.get("url") == _OBLIGATION_PROFILE
        and one.get("valueBoolean") is True
        for one in extensions
    )


def _obligations(
    value: Mapping[str, Any], base: Mapping[str, Any], known: Canonicals
) -> list[Finding]:
    """What an obligation profile says besides obligations."""
    strengths = _strengths(base, known)
    found: list[Finding] = []
    for number, element in objects(value.get("differential"), "element"):
        bad: list[Finding] = []
        for name in element:
            if name not in _ALLOWED:
                bad += under(report(NOT_AN_OBLIGATION, f"'{name}' is not allowed here"), name)
        bad += _other_extensions(element)
        bad += _other_binding(element.get("binding"), strengths.get(str(element.get("path"))))
        found += under(bad, "differential", "element", number)
    return found


def _other_extensions(element: Mapping[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    for number, one in objects(element, "extension"):
        url = one.get("url")
        if isinstance(url, str) and url not in _OBLIGATIONS:
            bad = report(NOT_AN_OBLIGATION, f"the extension {url} is no obligation")
            found += under(bad, "extension", number)
    return found


def _other_binding(binding: object, strength: object) -> list[Finding]:
    """What is said of a binding that is not additional; strength: the base's."""
    found: list[Finding] = []
    for name, one in binding.items() if isinstance(binding, dict) else ():
        if name == "strength" and strength is not None and one != strength:
            bad = report(
                NOT_AN_OBLIGATION, f"the strength is '{one}', but the base has '{strength}'"
            )
        elif name == "description":
            bad = report(NOT_AN_OBLIGATION, "a description of the binding is not allowed here")
        else:
            continue
        found += under(bad, "binding", name)
    return found


def _strengths(base: Mapping[str, Any], known: Canonicals) -> dict[str, object]:
    """How strong the base's bindings are, by path."""
    try:
        whole = base if base.get("snapshot") else snapshot(base, known)
    except SnapshotError:
        return {}
    elements = whole["snapshot"].get("element") if isinstance(whole["snapshot"], dict) else None
    return {
        str(one.get("path")): one["binding"].get("strength")
        for one in reversed(elements if isinstance(elements, list) else [])
        if isinstance(one, dict) and isinstance(one.get("binding"), dict)
    }
