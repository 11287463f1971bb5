"""Findings as data: what a run has to say about its input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.diagnostics.span import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding."""

    code: str
    severity: Severity
    message: str
    """One sentence, without a full stop: what is wrong, the author's own words in quotes."""
    span: Span
    path: str = ""
    """Where in a resource, as in FHIRPath: "PlanDefinition.action[2].condition"."""
    help: str | None = None
    """What to do about it; None where there is nothing better to say than the message."""
    release: str = ""
    """The FHIR release it is true in ("r4"); "" where it is true in all."""
    is_not_checked: bool = False
    """Whether it says that something was not checked, and not that something is wrong."""


def in_order(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings as people read them: by file, place, code; each once."""
    return tuple(sorted(set(findings), key=_key))


def _key(finding: Diagnostic) -> tuple[Span, str, str, str, str, str, str]:
    return (
        finding.span, finding.code, finding.release, finding.path, finding.message,
        finding.help or "", finding.severity.value,
    )  # fmt: skip


def has_errors(findings: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)
