"""Findings as SARIF 2.1.0, the form that code hosts and editors take from checkers.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from fhir_kb.diagnostics.render.merge import MergedFinding, merge_releases, release_names
from fhir_kb.diagnostics.render.terminal_text import json_safe
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
    """The program that made the findings."""

    name: str
    version: str
    catalogue: Mapping[str, FindingCode]
    """What its codes mean."""


def render_sarif(findings: Iterable[Diagnostic], tool: Tool, releases: Iterable[str] = ()) -> str:
    """One SARIF log with one run; its rules are those that have findings."""
    merged = merge_releases(findings, releases)
    codes = sorted({finding.finding.code for finding in merged})
    run = {
        "tool": {
            "driver": {
                "name": tool.name,
                "semanticVersion": tool.version,
                "rules": [_rule(code, tool.catalogue.get(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.finding.code)) for finding in merged],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_safe(json.dumps(log, ensure_ascii=False, indent=2)) + "\n"


def _rule(id_: str, code: FindingCode | None) -> dict[str, Any]:
    if code is None:
        return {"id": id_}
    explanation = code.explanation.strip()
    return {
        "id": id_,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": explanation},
        "help": {"text": explanation, "markdown": explanation},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(merged: MergedFinding, rule_index: int) -> dict[str, Any]:
    finding = merged.finding
    message = finding.message
    if merged.releases:
        message += f" ({release_names(merged.releases)})"
    if finding.help:
        message += f"; {finding.help}"
    properties = {"properties": {"notChecked": True}} if finding.is_not_checked else {}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [_location(finding)] if finding.span.file or finding.path else [],
        **properties,
    }


def _location(finding: Diagnostic) -> dict[str, Any]:
    span = finding.span
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
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    return location


def _uri(file: str) -> str:
    """The file as a URI reference; an absolute path gets its scheme."""
    try:
        content = file.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte of a name
        content = file.encode("utf-8", "surrogatepass")
    path = quote(content, safe="/~")
    return f"file://{path}" if path.startswith("/") else path
