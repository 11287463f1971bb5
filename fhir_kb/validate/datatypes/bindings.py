"""Required bindings to value sets whose codes ship: http://hl7.org/fhir/terminologies.html#required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import nearest
from fhir_kb.terminology.grammars import grammar_check
from fhir_kb.validate.core.issue import combine, has_problems, quoted, report
from fhir_kb.validate.finding_codes import CODE_NOT_IN_SET, CODING_NOT_IN_SET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.packages import ValueSetCodes
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_MAX_LISTED = 12


class Bound:
    """A value set whose codes are known."""

    def __init__(self, url: str, codes: ValueSetCodes) -> None:
        self.url = url
        self.listed = codes.all_codes()
        self.systems: Mapping[str, frozenset[str]] = codes.systems
        self._tests = {system: grammar_check(name) for system, name in codes.checkers.items()}
        self.is_complete = codes.is_complete

    def has_code(self, code: str) -> bool:
        """Whether the code is in the set, or cannot be checked."""
        if code in self.listed:
            return True
        return any(test is None or test(code) for test in self._tests.values())

    def has_coding(self, system: object, code: object) -> bool:
        """Whether the coding is in the set, or cannot be checked."""
        if not isinstance(system, str) or not isinstance(code, str):
            return False
        if code in self.systems.get(system, ()):
            return True
        if system in self._tests:
            test = self._tests[system]
            return test is None or test(code)
        return False

    def advice(self, code: str) -> str | None:
        """The code that may be meant, or the few that there are."""
        if (match := nearest(code, self.listed)) is not None:
            return f"did you mean '{match}'?"
        if 0 < len(self.listed) <= _MAX_LISTED:
            return "one of: " + ", ".join(sorted(self.listed))
        return None


def bound_code(bound: Bound, inner: Checker) -> Checker:
    """A check of a code, string or uri bound to a value set; `inner` checks its form."""
    listed = bound.listed

    def check(value: Any, context: Context) -> Findings:
        if isinstance(value, str) and value in listed:
            return None
        if findings := inner(value, context):
            return findings
        if not isinstance(value, str) or bound.has_code(value):
            return None
        return report(
            CODE_NOT_IN_SET,
            f"{quoted(value)} is not among the codes of {bound.url}",
            bound.advice(value),
        )

    return check


def bound_coding(bound: Bound, inner: Checker) -> Checker:
    """A check of a Coding, or of a Quantity's system and code."""

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        if has_problems(findings) or not isinstance(value, dict):
            return findings
        if bound.has_coding(value.get("system"), value.get("code")):
            return findings
        more = report(
            CODING_NOT_IN_SET,
            f"the coding {_shown_coding(value)} is not in {bound.url}",
            _coding_advice(bound, value),
            "Terminology_TX_NoValid_4",
        )
        return combine(findings, more)

    return check


def bound_concept(bound: Bound, inner: Checker) -> Checker:
    """A check of a CodeableConcept: at least one coding is in the set."""

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        if has_problems(findings) or not isinstance(value, dict):
            return findings
        codings = value.get("coding") or ()
        if any(bound.has_coding(coding.get("system"), coding.get("code")) for coding in codings):
            return findings
        if not codings:
            return report(
                CODING_NOT_IN_SET,
                f"there is no coding, and one from {bound.url} is required",
                message_id="Terminology_TX_Code_ValueSet",
            )
        more = report(
            CODING_NOT_IN_SET,
            f"none of the codings is in {bound.url}: {', '.join(map(_shown_coding, codings))}",
            _coding_advice(bound, codings[0]),
        )
        return combine(findings, more)

    return check


def bound_reference(bound: Bound, inner: Checker) -> Checker:
    """A check of a CodeableReference: its concept, where it has one."""
    concept = bound_concept(bound, lambda _value, _context: None)

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        if has_problems(findings) or not isinstance(value, dict) or "concept" not in value:
            return findings
        return combine(findings, concept(value["concept"], context))

    return check


BINDERS: dict[str, Callable[[Bound, Checker], Checker]] = {
    "code": bound_code,
    "string": bound_code,
    "uri": bound_code,
    "Coding": bound_coding,
    "Quantity": bound_coding,
    "Duration": bound_coding,
    "CodeableConcept": bound_concept,
    "CodeableReference": bound_reference,
}


def _shown_coding(coding: Mapping[str, Any]) -> str:
    return f"'{coding.get('system', '')}#{coding.get('code', '')}'"


def _coding_advice(bound: Bound, coding: Mapping[str, Any]) -> str | None:
    code = coding.get("code")
    if isinstance(code, str) and code in bound.listed:
        systems = sorted(system for system, codes in bound.systems.items() if code in codes)
        return f"the code is there, with the system {systems[0]}"
    return bound.advice(code) if isinstance(code, str) else None
