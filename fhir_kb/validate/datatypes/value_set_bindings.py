"""Extensible and preferred bindings: http://hl7.org/fhir/terminologies.html#strength.

What is not in the value set may be right all the same, so these are warnings and hints. Where it
cannot be known whether a code is in the value set, nothing is said. And required bindings to value
sets that do not ship, where that is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.terminology.three_valued import any_of
from fhir_kb.validate.codes import (
    CODE_NOT_CHECKED,
    CODE_NOT_IN_SET,
    CODING_NOT_IN_SET,
    NOT_IN_EXTENSIBLE,
    NOT_PREFERRED,
    OTHER_VERSION,
)
from fhir_kb.validate.core.issue import Finding, combine, quoted, under
from fhir_kb.validate.core.json_values import objects, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.packages import Binding
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

#: How the official validator numbers its messages by the element's type.
_NUMBERS: Final = {
    "CodeableConcept": ("2_CC", "3_CC"),
    "Coding": ("13", "14"),
    "code": ("17", "18"),
}
_CONCEPTS: Final = frozenset({"CodeableConcept", "CodeableReference"})
_CODINGS: Final = frozenset({"Coding", "Quantity", "Duration"})
_CODES: Final = frozenset({"code", "string", "uri"})


class _Set(NamedTuple):
    """A value set that codes should come from."""

    url: str
    code: FindingCode
    #: 0 for an extensible binding, 1 for a preferred one.
    weakness: int

    def outside(self, type_name: str, what: str) -> list[Finding]:
        """The finding that something is not in it."""
        message_id = f"Terminology_TX_NoValid_{_NUMBERS[type_name][self.weakness]}"
        advice = "use a code of it, if one means the same"
        return [Finding(self.code, f"{what} is not in {self.url}", advice, message_id)]


def recommended(binding: Binding, type_name: str, inner: Checker) -> Checker:
    """A check against an extensible or preferred value set; `inner` is asked first."""
    if binding.strength not in ("extensible", "preferred") or not binding.value_set:
        return inner
    is_firm = binding.strength == "extensible"
    if not is_firm and binding.max_value_set:
        return inner  # what the larger value set allows is common
    code = NOT_IN_EXTENSIBLE if is_firm else NOT_PREFERRED
    wanted = _Set(binding.value_set, code, 0 if is_firm else 1)
    if type_name in _CONCEPTS:
        return _concept(wanted, inner, is_reference=type_name == "CodeableReference")
    if type_name in _CODINGS:
        return _coding(wanted, inner)
    return _code(wanted, inner) if type_name in _CODES else inner


def _code(wanted: _Set, inner: Checker) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        found = inner(value, context)
        terminology = context.terminology
        if found or terminology is None or not isinstance(value, str):
            return found
        if terminology.contains(wanted.url, None, value) is not False:
            return found
        return wanted.outside("code", quoted(value))

    return check


def _coding(wanted: _Set, inner: Checker) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        found = inner(value, context)
        terminology = context.terminology
        if terminology is None or not isinstance(value, dict) or "code" not in value:
            return found
        if version := _other_version(wanted.url, value, terminology):
            return combine(found, version)
        if _is_in(wanted.url, value, terminology) is not False:
            return found
        return combine(found, wanted.outside("Coding", _shown(value)))

    return check


def _concept(wanted: _Set, inner: Checker, *, is_reference: bool) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        found = inner(value, context)
        if context.terminology is None or not isinstance(value, dict):
            return found
        if not is_reference:
            if _surely_fits(wanted.url, value, context.terminology):
                return found
            return combine(found, _in_concept(wanted, value, context.terminology))
        concept = value.get("concept")
        if not isinstance(concept, dict):
            return found
        return combine(found, under(_in_concept(wanted, concept, context.terminology), "concept"))

    return check


def required(url: str, inner: Checker) -> Checker:
    """A check against a required value set whose codes are not all known; see Bound for others."""

    def check(value: Any, context: Context) -> Findings:
        found = inner(value, context)
        if found or context.terminology is None:
            return found
        answer = _is_any_in(url, value, context.terminology)
        if answer is None and url not in context.unchecked_value_sets:
            context.unchecked_value_sets.add(url)
            message = f"whether the code is in {url} is not known here, so it was not checked"
            return [Finding(CODE_NOT_CHECKED, message)]
        if answer is not False:
            return found
        code = CODE_NOT_IN_SET if isinstance(value, str) else CODING_NOT_IN_SET
        what = quoted(value) if isinstance(value, str) else "the coding"
        return [Finding(code, f"{what} is not in {url}")]

    return check


def _is_any_in(url: str, value: Any, terminology: TerminologyService) -> bool | None:
    """Whether a code, Coding or one of a concept's codings is in the value set."""
    if isinstance(value, str):
        return terminology.contains(url, None, value)
    if not isinstance(value, dict) or ("reference" in value and "concept" not in value):
        return True
    concept = value.get("concept", value)
    concept = concept if isinstance(concept, dict) else {}
    codings = [one for _, one in objects(concept, "coding")] if "coding" in concept else [concept]
    return any_of(_is_in(url, one, terminology) for one in codings if "code" in one)


def _in_concept(
    wanted: _Set, value: Mapping[str, Any], terminology: TerminologyService
) -> list[Finding]:
    codings = list(objects(value, "coding"))
    if not codings:
        if wanted.weakness:
            return []
        message = f"there is no coding, and one from {wanted.url} should be there"
        return [Finding(wanted.code, message, message_id="Terminology_TX_Code_ValueSet_Ext")]
    found: list[Finding] = []
    for index, coding in codings:
        version = _other_version(wanted.url, coding, terminology)
        for one in version:
            one.path_steps += [(index, f"[{index}]"), ("coding", ".coding")]
        found += version
    if found or any(_is_in(wanted.url, one, terminology) is not False for _, one in codings):
        return found
    listed = ", ".join(_shown(one) for _, one in codings)
    what = listed if len(codings) == 1 else f"none of {listed}"
    made = wanted.outside("CodeableConcept", what)
    if len(codings) > 1:
        made[0].message = f"{what} is in {wanted.url}"
    return made


def _surely_fits(url: str, value: Mapping[str, Any], terminology: TerminologyService) -> bool:
    """Whether nothing can be wrong with a concept; most are such, so this is quick."""
    fits = False
    try:
        for one in value["coding"]:
            if "version" in one:
                return False
            fits = fits or terminology.contains(url, one["system"], one["code"]) is not False
    except (TypeError, KeyError, AttributeError):  # no list of codings as they should be
        return False
    return fits


def _is_in(url: str, coding: Mapping[str, Any], terminology: TerminologyService) -> bool | None:
    return terminology.contains(url, text(coding, "system"), text(coding, "code"))


def _other_version(
    url: str, coding: Mapping[str, Any], terminology: TerminologyService
) -> list[Finding]:
    """The finding that a coding is of another version of the system than the value set includes."""
    version = coding.get("version")
    if not isinstance(version, str):
        return []
    system = text(coding, "system")
    asked = terminology.included_version(url, system)
    if not asked or version == asked or version.startswith(asked + "."):
        return []
    message = f"{url} has version {asked} of {system}, and the coding is of {quoted(version)}"
    return under([Finding(OTHER_VERSION, message, message_id="VALUESET_VALUE_MISMATCH")], "version")


def _shown(coding: Mapping[str, Any]) -> str:
    return f"'{text(coding, 'system')}#{text(coding, 'code')}'"
