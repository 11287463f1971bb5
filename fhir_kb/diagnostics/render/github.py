"""Findings as GitHub workflow commands: annotations beside the changed lines.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics.render.merge import MergedFinding, merge_releases, release_names
from fhir_kb.diagnostics.render.terminal_text import printable
from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.diagnostics.diagnostic import Diagnostic

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "notice",
}


def render_github(findings: Iterable[Diagnostic], releases: Iterable[str] = ()) -> str:
    """A workflow command for each finding."""
    return "".join(f"{_command(merged)}\n" for merged in merge_releases(findings, releases))


def _command(merged: MergedFinding) -> str:
    finding = merged.finding
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(finding))
    message = finding.message
    if merged.releases:
        message += f" ({release_names(merged.releases)})"
    if finding.help:
        message += f"\n{finding.help}"
    if finding.path:
        message += f"\nat {finding.path}"
    return f"::{_COMMANDS[finding.severity]} {properties}::{_escaped(message)}"


def _properties(finding: Diagnostic) -> Iterator[tuple[str, str]]:
    span = finding.span
    if span.file:
        yield "file", span.file
    if span.line:
        yield "line", str(span.line)
        if span.end_line > span.line:
            yield "endLine", str(span.end_line)
        else:  # columns count only within one line, and the last one belongs to the annotation
            yield "col", str(span.column)
            yield "endColumn", str(max(span.column, span.end_column - 1))
    yield "title", finding.code


def _escaped(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(escaped, colour=False, commands=True)


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
