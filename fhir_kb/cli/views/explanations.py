"""The codes of findings: one page each, and a list of all."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.diagnostics.render.human import Style

_START: Final = 20


def page(code: FindingCode, style: Style) -> str:
    """A code's page."""
    head = style.bold(f"{code.id} {code.name}") + f" ({code.severity.value})"
    lines = (part for line in code.explanation.strip().splitlines() for part in _fit(line, style))
    links = ["", f"Specification: {code.specification}"] if code.specification else []
    return "\n".join([head, "", *lines, *links, ""])


def _fit(line: str, style: Style) -> list[str]:
    """A line of prose in lines that fit; an example, which is indented, as it is."""
    if len(line) <= style.width or line.startswith("    "):
        return [line]
    return wrap(line, style.width)


def listing(codes: Iterable[FindingCode], style: Style) -> str:
    """All codes, their severity and what they say, in lines that fit."""
    lines = [line for code in sorted(codes, key=lambda code: code.id) for line in _row(code, style)]
    return "\n".join([*lines, "", "fhir-kb explain CODE shows how to fix it", ""])


def _row(code: FindingCode, style: Style) -> Iterator[str]:
    text = wrap(code.summary, style.width - _START) or [code.name]
    start = f"{code.id:<6} {code.severity.value:<12} "
    yield style.bold(start) + text[0]
    for line in text[1:]:
        yield " " * _START + line
