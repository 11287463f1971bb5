"""Findings as SARIF 2.1.0, the form that code hosts and editors take from checkers.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from fhir_kb.diagnostics.render.merge import MergedFinding, merged, release_names
from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics.diagnostic import Diagnostic
    from fhir_kb.diagnostics.finding_code import FindingCode

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "note",
}


class Tool(NamedTuple):
    """Who found it: the program's name and version, and what its codes mean."""

    name: str
    version: str
    catalogue: Mapping[str, FindingCode]


def sarif(findings: Iterable[Diagnostic], tool: Tool, releases: Iterable[str] = ()) -> str:
    """One SARIF log with one run; the rules are those that were found to be broken."""
    shown = merged(findings, releases)
    codes = sorted({each.finding.code for each in shown})
    run = {
        "tool": {
            "driver": {
                "name": tool.name,
                "semanticVersion": tool.version,
                "rules": [_rule(code, tool.catalogue.get(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes.index(each.finding.code)) for each in shown],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str, known: FindingCode | None) -> dict[str, Any]:
    if known is None:
        return {"id": code}
    explanation = known.explanation.strip()
    return {
        "id": code,
        "name": known.name,
        "shortDescription": {"text": known.summary},
        "fullDescription": {"text": explanation},
        "help": {"text": explanation, "markdown": explanation},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
    }


def _result(shown: MergedFinding, index: int) -> dict[str, Any]:
    found = shown.finding
    message = found.message
    if shown.releases:
        message += f" ({release_names(shown.releases)})"
    if found.help:
        message += f"; {found.help}"
    return {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": message},
        "locations": [_location(found)] if found.span.file or found.path else [],
    }


def _location(found: Diagnostic) -> dict[str, Any]:
    span = found.span
    location: dict[str, Any] = {}
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(span.file)}}
    if span.line:
        physical["region"] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    if span.file:
        location["physicalLocation"] = physical
    if found.path:
        location["logicalLocations"] = [{"fullyQualifiedName": found.path}]
    return location


def _uri(file: str) -> str:
    """The file as a URI reference; an absolute path gets its scheme."""
    path = quote(file.encode("utf-8", "surrogateescape"), safe="/~")
    return f"file://{path}" if path.startswith("/") else path
