"""Findings in the form that was asked for."""

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


def text_of(file: str) -> str | None:
    """The text of a file, to quote a line of it; None where it is not there, or too large."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > MAX_QUOTED:
            return None
        return path.read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):  # ValueError: a name with a zero byte
        return None


def show(
    found: Iterable[Diagnostic],
    form: str,
    style: Style,
    releases: Iterable[str] = (),
    beside: Mapping[str, Any] | None = None,
    *,
    error: bool = False,
) -> None:
    """Print findings as human, json, sarif or github text.

    beside: what the JSON object says before the findings. error: on the error output.
    """
    if form == "json":
        from fhir_kb.diagnostics.render.json import as_data, as_json

        text = as_json({**(beside or {}), **as_data(found, releases)})
    elif form == "sarif":
        from fhir_kb.diagnostics.render.sarif import Tool, sarif

        text = sarif(found, Tool("fhir-kb", __version__, _catalogue()), releases)
    elif form == "github":
        from fhir_kb.diagnostics.render.github import github

        text = github(found, releases)
    else:
        from fhir_kb.diagnostics.render.human import human

        text = human(found, text_of, style, releases)
    if text:
        put(text, error=error)


def _catalogue() -> Mapping[str, FindingCode]:
    from fhir_kb.pipeline import catalogue

    return catalogue()
