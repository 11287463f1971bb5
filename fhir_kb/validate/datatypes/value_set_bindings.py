"""Bindings that the terminology service decides: http://hl7.org/fhir/terminologies.html#strength.

Extensible and preferred bindings give warnings and hints, for codes outside of the value set can be
right. What the service does not know gives no finding there. Required bindings are here if not all
codes of their value set ship; see `bindings` for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.terminology.three_valued import any_of
from fhir_kb.validate.core.issue import combine, has_problems, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    CODE_NOT_CHECKED,
    CODE_NOT_IN_SET,
    CODING_NOT_IN_SET,
    NOT_IN_EXTENSIBLE,
    NOT_PREFERRED,
    OTHER_VERSION,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.packages import Binding
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

#: How the HL7 validator numbers its messages by the element's type: (extensible, preferred).
_MESSAGE_NUMBERS: Final = {
    "CodeableConcept": ("2_CC", "3_CC"),
    "Coding": ("13", "14"),
    "code": ("17", "18"),
}
_CONCEPT_TYPES: Final = frozenset({"CodeableConcept", "CodeableReference"})
_CODING_TYPES: Final = frozenset({"Coding", "Quantity", "Duration"})
_CODE_TYPES: Final = frozenset({"code", "string", "uri"})


class _Binding(NamedTuple):
    """An extensible or preferred binding."""

    value_set: str
    is_extensible: bool

    @property
    def code(self) -> FindingCode:
        """The code of its findings."""
        return NOT_IN_EXTENSIBLE if self.is_extensible else NOT_PREFERRED

    def not_in_value_set(self, type_name: str, message: str) -> list[Finding]:
        """The finding that a value of the type is not in the value set."""
        number = _MESSAGE_NUMBERS[type_name][0 if self.is_extensible else 1]
        advice = "use a code of it, if one means the same"
        return report(self.code, message, advice, f"Terminology_TX_NoValid_{number}")

    def undecided(self, context: Context, systems: Iterable[str] = ()) -> list[Finding]:
        """The finding that it is not known whether a value is in the value set.

        None where the code system of the value is not available, which has been reported.
        """
        if not self.is_extensible or not context.unchecked_systems.isdisjoint(systems):
            return []
        return _not_checked(self.value_set, context)


def recommended(binding: Binding, type_name: str, inner: Checker) -> Checker:
    """A check against an extensible or preferred value set, after `inner`."""
    if binding.strength not in ("extensible", "preferred") or not binding.value_set:
        return inner
    is_extensible = binding.strength == "extensible"
    if not is_extensible and binding.max_value_set:
        return inner  # codes of the larger value set are common
    checked = _Binding(binding.value_set, is_extensible)
    if type_name in _CONCEPT_TYPES:
        return _concept(checked, inner, is_reference=type_name == "CodeableReference")
    if type_name in _CODING_TYPES:
        return _coding(checked, inner)
    return _code(checked, inner) if type_name in _CODE_TYPES else inner


def _code(binding: _Binding, inner: Checker) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        terminology = context.terminology
        if findings or terminology is None or not isinstance(value, str):
            return findings
        is_in = terminology.contains(binding.value_set, None, value)
        if is_in is None:
            return binding.undecided(context)
        if is_in:
            return findings
        return binding.not_in_value_set("code", f"{quoted(value)} is not in {binding.value_set}")

    return check


def _coding(binding: _Binding, inner: Checker) -> Checker:
    url = binding.value_set

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        terminology = context.terminology
        if terminology is None or not isinstance(value, dict) or "code" not in value:
            return findings
        if other_version := _other_version(url, value, terminology):
            return combine(findings, other_version)
        is_in = _contains(url, value, terminology)
        if is_in is None:
            return combine(findings, binding.undecided(context, [text(value, "system")]))
        if is_in:
            return findings
        message = f"{_system_and_code(value)} is not in {url}"
        return combine(findings, binding.not_in_value_set("Coding", message))

    return check


def _concept(binding: _Binding, inner: Checker, *, is_reference: bool) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        terminology = context.terminology
        if terminology is None or not isinstance(value, dict):
            return findings
        if not is_reference:
            if _is_certainly_in(binding.value_set, value, terminology):
                return findings
            return combine(findings, _check_concept(binding, value, terminology, context))
        concept = value.get("concept")
        if not isinstance(concept, dict):
            return findings
        return combine(
            findings, under(_check_concept(binding, concept, terminology, context), "concept")
        )

    return check


def required(value_set: str, inner: Checker) -> Checker:
    """A check against a required value set whose codes do not all ship."""

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        terminology = context.terminology
        if has_problems(findings) or terminology is None:
            return findings
        is_in = _contains_any(value_set, value, terminology)
        if is_in is None:
            return combine(findings, _not_checked(value_set, context))
        if is_in:
            return findings
        if isinstance(value, str):
            return report(CODE_NOT_IN_SET, f"{quoted(value)} is not in {value_set}")
        more = report(CODING_NOT_IN_SET, f"the coding is not in {value_set}")
        return combine(findings, more)

    return check


def _not_checked(value_set: str, context: Context) -> list[Finding]:
    """The finding that codes are not checked; once for each value set in a validation."""
    if value_set in context.unchecked_value_sets:
        return []
    context.unchecked_value_sets.add(value_set)
    terminology = context.terminology
    where = "" if terminology is not None and terminology.has_server else " offline"
    message = f"not checked: the codes of {value_set} are not all available{where}"
    return report(CODE_NOT_CHECKED, message)


def _contains_any(value_set: str, value: Any, terminology: TerminologyService) -> bool | None:
    """Whether a code, Coding or one of a concept's codings is in the value set."""
    if isinstance(value, str):
        return terminology.contains(value_set, None, value)
    if not isinstance(value, dict) or ("reference" in value and "concept" not in value):
        return True
    concept = value.get("concept", value)
    concept = concept if isinstance(concept, dict) else {}
    codings = [concept]
    if "coding" in concept:
        codings = [coding for _, coding in objects(concept, "coding")]
    return any_of(
        _contains(value_set, coding, terminology) for coding in codings if "code" in coding
    )


def _check_concept(
    binding: _Binding,
    value: Mapping[str, Any],
    terminology: TerminologyService,
    context: Context,
) -> list[Finding]:
    url = binding.value_set
    codings = list(objects(value, "coding"))
    if not codings:
        if not binding.is_extensible:
            return []
        message = f"there is no coding, and one from {url} should be there"
        return report(binding.code, message, message_id="Terminology_TX_Code_ValueSet_Ext")
    findings: list[Finding] = []
    for index, coding in codings:
        findings += under(_other_version(url, coding, terminology), "coding", index)
    if findings:
        return findings
    is_in = any_of(_contains(url, coding, terminology) for _, coding in codings)
    if is_in is not False:
        systems = [text(coding, "system") for _, coding in codings]
        return [] if is_in else binding.undecided(context, systems)
    listed = ", ".join(_system_and_code(coding) for _, coding in codings)
    message = f"{listed} is not in {url}" if len(codings) == 1 else f"none of {listed} is in {url}"
    return binding.not_in_value_set("CodeableConcept", message)


def _is_certainly_in(url: str, value: Mapping[str, Any], terminology: TerminologyService) -> bool:
    """Whether a concept has no finding; most have none, and this takes less than _check_concept."""
    is_in = False
    try:
        for coding in value["coding"]:
            if "version" in coding:
                return False
            is_in = is_in or terminology.contains(url, coding["system"], coding["code"]) is True
    except (TypeError, KeyError, AttributeError):  # it is not a list of objects with both
        return False
    return is_in


def _contains(url: str, coding: Mapping[str, Any], terminology: TerminologyService) -> bool | None:
    return terminology.contains(url, text(coding, "system"), text(coding, "code"))


def _other_version(
    url: str, coding: Mapping[str, Any], terminology: TerminologyService
) -> list[Finding]:
    """The finding that a coding is of another version of the system than the value set includes."""
    version = coding.get("version")
    if not isinstance(version, str):
        return []
    system = text(coding, "system")
    included = terminology.included_version(url, system)
    if not included or version == included or version.startswith(included + "."):
        return []
    message = f"{url} has version {included} of {system}, and the coding is of {quoted(version)}"
    return under(report(OTHER_VERSION, message, None, "VALUESET_VALUE_MISMATCH"), "version")


def _system_and_code(coding: Mapping[str, Any]) -> str:
    return f"'{text(coding, 'system')}#{text(coding, 'code')}'"
