"""Findings as GitHub workflow commands: annotations beside the changed lines.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics.render.merge import MergedFinding, merged, release_names
from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.diagnostics.diagnostic import Diagnostic

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "notice",
}


def github(findings: Iterable[Diagnostic], releases: Iterable[str] = ()) -> str:
    """One workflow command a finding."""
    return "".join(f"{_command(each)}\n" for each in merged(findings, releases))


def _command(shown: MergedFinding) -> str:
    found = shown.finding
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(found))
    message = found.message
    if shown.releases:
        message += f" ({release_names(shown.releases)})"
    if found.help:
        message += f"\n{found.help}"
    if found.path:
        message += f"\nat {found.path}"
    return f"::{_COMMANDS[found.severity]} {properties}::{_escaped(message)}"


def _properties(found: Diagnostic) -> Iterator[tuple[str, str]]:
    span = found.span
    if span.file:
        yield "file", span.file
    if span.line:
        yield "line", str(span.line)
        if span.end_line > span.line:
            yield "endLine", str(span.end_line)
        else:  # columns count only within one line, and the last one belongs to the annotation
            yield "col", str(span.column)
            yield "endColumn", str(max(span.column, span.end_column - 1))
    yield "title", found.code


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
