"""What a run has to say about its input: findings as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.diagnostics.span import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    message: one sentence, without a full stop: what is wrong, the author's own words in quotes.
    path: where in a resource, as FHIRPath would write it: "PlanDefinition.action[2].condition".
    help: what to do about it; None where there is nothing better to say than the message.
    release: the FHIR release it is true in ("r4"); empty where it is true in all.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    path: str = ""
    help: str | None = None
    release: str = ""


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings as people read them: by file, place, code; each once."""
    return tuple(sorted(set(diagnostics), key=_key))


def _key(found: Diagnostic) -> tuple[Span, str, str, str, str]:
    return found.span, found.code, found.release, found.path, found.message


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error."""
    return any(found.severity is Severity.ERROR for found in diagnostics)
