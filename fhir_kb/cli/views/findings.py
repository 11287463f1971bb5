"""Findings in the requested format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb import __version__
from fhir_kb.cli.console import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics import Diagnostic, FindingCode
    from fhir_kb.diagnostics.render.human import Style

MAX_QUOTED: Final = 8 * 1024 * 1024


def read_text(file: str) -> str | None:
    """The text of a file, to quote a line of it; None where it cannot be read, or is too large."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > MAX_QUOTED:
            return None
        content = path.read_bytes()
        return None if b"\x00" in content[:1024] else content.decode("utf-8", "replace")
    except (OSError, ValueError):  # ValueError: a name with a zero byte
        return None


def show(
    findings: Iterable[Diagnostic],
    form: str,
    style: Style,
    releases: Iterable[str] = (),
    content: Mapping[str, Any] | None = None,
    *,
    error: bool = False,
) -> None:
    """Print findings.

    Args:
        findings: In any order.
        form: "human", "json", "sarif" or "github".
        style: For people: how wide, with which colours, how many.
        releases: All that the run was about.
        content: What the JSON object has before the findings.
        error: Whether to print on stderr.
    """
    if form == "json":
        from fhir_kb.diagnostics.render.json import as_data, as_json

        text = as_json({**(content or {}), **as_data(findings, releases)})
    elif form == "sarif":
        from fhir_kb.diagnostics.render.sarif import Tool, render_sarif

        text = render_sarif(findings, Tool("fhir-kb", __version__, _catalogue()), releases)
    elif form == "github":
        from fhir_kb.diagnostics.render.github import render_github

        text = render_github(findings, releases)
    else:
        from fhir_kb.diagnostics.render.human import render_human

        text = render_human(findings, read_text, style, releases)
    if text:
        put(text, error=error, commands=form == "github")


def _catalogue() -> Mapping[str, FindingCode]:
    from fhir_kb.pipeline import catalogue

    return catalogue()
