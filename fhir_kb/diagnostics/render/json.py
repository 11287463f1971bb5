"""Findings for programs: one JSON object, or OperationOutcome issues."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics.json_records import to_json
from fhir_kb.diagnostics.render.merge import MergedFinding, merged
from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics.diagnostic import Diagnostic


def as_data(findings: Iterable[Diagnostic], releases: Iterable[str] = ()) -> dict[str, Any]:
    """The findings with their numbers: `errors`, `warnings`, `notes`, `findings`."""
    shown = merged(findings, releases)
    numbers = Counter(each.finding.severity for each in shown)
    return {
        "errors": numbers[Severity.ERROR],
        "warnings": numbers[Severity.WARNING],
        "notes": numbers[Severity.INFORMATION],
        "findings": [_finding(each) for each in shown],
    }


def as_records(
    findings: Iterable[Diagnostic], releases: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Each finding as an object, in reading order."""
    return [_finding(each) for each in merged(findings, releases)]


def as_json(content: Mapping[str, Any]) -> str:
    """`content` on one line."""
    return json.dumps(content, ensure_ascii=False, separators=(", ", ": ")) + "\n"


def _finding(shown: MergedFinding) -> dict[str, Any]:
    content = to_json(shown.finding)
    content.pop("release", None)
    if shown.releases:
        content["releases"] = list(shown.releases)
    return content


def as_issue(found: Diagnostic, issue_type: str) -> dict[str, Any]:
    """A finding as an OperationOutcome.issue, with `line`, `col` and our `rule` beside it.

    issue_type: a code of http://hl7.org/fhir/ValueSet/issue-type.
    """
    issue: dict[str, Any] = {
        "severity": found.severity.value,
        "code": issue_type,
        "details": {"text": found.message},
    }
    if found.help:
        issue["diagnostics"] = found.help
    if found.path:
        issue["expression"] = [found.path]
    if found.span.line:
        issue |= {"line": found.span.line, "col": found.span.column}
    issue["rule"] = found.code
    return issue
