"""Coded values by the bindings that a profile adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.finding_codes import PROFILE_CODE, PROFILE_CODE_OTHER, PROFILE_NOT_CHECKED
from fhir_kb.validate.profiles.constraints.bindings import lacks_code, own_bindings
from fhir_kb.validate.profiles.locations import report_at

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode


def check_binding(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """Whether a coded value is in the value sets that the profile binds to it."""
    findings: list[Finding] = []
    for value_set, is_required in own_bindings(run.repository.definitions, node, element.type):
        findings += _check(run, node, element, value_set, is_required=is_required)
    return findings


def _check(
    run: ProfileRun, node: ProfileNode, element: Element, value_set: str, *, is_required: bool
) -> list[Finding]:
    coded = element.value
    if coded is None or (isinstance(coded, dict) and lacks_code(element.type, coded)):
        return []
    is_member = run.repository.member_of(node.tree, coded, element.type.name, value_set)
    if is_member:
        return []
    if is_member is None:
        if not is_required and not run.is_first(value_set):
            return []
        message = f"not checked: whether {_code_text(coded)} is in {value_set}"
        advice = "the value set, or a code system that it needs, is not available"
        return report_at(element, PROFILE_NOT_CHECKED, message, advice)
    # HL7's validator takes a required binding of a unit as a recommendation, and so do we.
    is_unit = "Quantity" in element.type.names
    code = PROFILE_CODE if is_required and not is_unit else PROFILE_CODE_OTHER
    message = f"{_code_text(coded)} is not in {value_set}, to which {node.tree.name} binds it"
    return report_at(element, code, message)


def _code_text(coded: Any) -> str:
    """The codes of a value for messages, as system#code."""
    if isinstance(coded, str):
        return quoted(coded)
    concept = coded.get("concept", coded) if isinstance(coded, dict) else {}
    codings = concept.get("coding", [concept]) if isinstance(concept, dict) else []
    codes = [
        f"{coding.get('system', '')}#{coding['code']}"
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, dict) and "code" in coding
    ]
    return f"'{', '.join(codes)}'" if codes else "what has no code"
