"""Findings as JSON and back: for reports, caches and other programs."""

from __future__ import annotations

from typing import Any

from fhir_kb.diagnostics.diagnostic import Diagnostic
from fhir_kb.diagnostics.severity import Severity
from fhir_kb.diagnostics.span import Span


def to_json(finding: Diagnostic) -> dict[str, Any]:
    """The finding as a JSON object; what it does not have is left out."""
    record: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "file": finding.span.file,
    }
    if finding.span.line:
        record["line"] = finding.span.line
        record["column"] = finding.span.column
        record["endLine"] = finding.span.end_line
        record["endColumn"] = finding.span.end_column
    more = {
        "path": finding.path,
        "help": finding.help,
        "release": finding.release,
        "notChecked": finding.is_not_checked,
    }
    return record | {name: value for name, value in more.items() if value}


def from_json(record: dict[str, Any]) -> Diagnostic:
    """The finding that `to_json` made `record` of. Raises KeyError or ValueError if it did not."""
    return Diagnostic(
        record["code"],
        Severity(record["severity"]),
        record["message"],
        Span(
            record["file"],
            record.get("line", 0),
            record.get("column", 0),
            record.get("endLine", 0),
            record.get("endColumn", 0),
        ),
        path=record.get("path", ""),
        help=record.get("help"),
        release=record.get("release", ""),
        is_not_checked=record.get("notChecked", False),
    )
