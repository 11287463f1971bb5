"""Findings as JSON and back: for reports, caches and other programs."""

from __future__ import annotations

from typing import Any

from fhir_kb.diagnostics.diagnostic import Diagnostic
from fhir_kb.diagnostics.severity import Severity
from fhir_kb.diagnostics.span import Span


def to_json(found: Diagnostic) -> dict[str, Any]:
    """The finding as a JSON object; what it does not have is left out."""
    record: dict[str, Any] = {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "file": found.span.file,
    }
    if found.span.line:
        record["line"] = found.span.line
        record["column"] = found.span.column
        record["endLine"] = found.span.end_line
        record["endColumn"] = found.span.end_column
    more = {"path": found.path, "help": found.help, "release": found.release}
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
    )
