"""Findings for programs: one JSON object, or OperationOutcome issues."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics.json_records import to_json
from fhir_kb.diagnostics.render.merge import MergedFinding, merge_releases
from fhir_kb.diagnostics.render.terminal_text import json_safe
from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics.diagnostic import Diagnostic


def as_data(findings: Iterable[Diagnostic], releases: Iterable[str] = ()) -> dict[str, Any]:
    """The findings with their numbers: `errors`, `warnings`, `notes`, `notChecked`, `findings`."""
    merged = merge_releases(findings, releases)
    counts = Counter(finding.finding.severity for finding in merged)
    return {
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "notes": counts[Severity.INFORMATION],
        "notChecked": sum(finding.finding.is_not_checked for finding in merged),
        "findings": [_record(finding) for finding in merged],
    }


def as_records(
    findings: Iterable[Diagnostic], releases: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Each finding as an object, in reading order."""
    return [_record(merged) for merged in merge_releases(findings, releases)]


def as_json(content: Mapping[str, Any]) -> str:
    """`content` on one line."""
    return json_safe(json.dumps(content, ensure_ascii=False, separators=(", ", ": "))) + "\n"


def _record(merged: MergedFinding) -> dict[str, Any]:
    record = to_json(merged.finding)
    record.pop("release", None)
    if merged.releases:
        record["releases"] = list(merged.releases)
    return record


def as_issue(finding: Diagnostic, issue_type: str) -> dict[str, Any]:
    """A finding as an OperationOutcome.issue, with `line`, `col`, `rule`, `notChecked` beside it.

    issue_type: A code of http://hl7.org/fhir/ValueSet/issue-type.
    """
    issue: dict[str, Any] = {
        "severity": finding.severity.value,
        "code": issue_type,
        "details": {"text": finding.message},
    }
    if finding.help:
        issue["diagnostics"] = finding.help
    if finding.path:
        issue["expression"] = [finding.path]
    if finding.span.line:
        issue |= {"line": finding.span.line, "col": finding.span.column}
    issue["rule"] = finding.code
    if finding.is_not_checked:
        issue["notChecked"] = True
    return issue
