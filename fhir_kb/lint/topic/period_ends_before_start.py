"""KB315: a topic stops to hold before it begins to.

`effective` says from when to when the knowledge holds.

    effective: {from: 2027-01-01, to: 2026-12-31}

Mend one of the two days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    period = scope.source.topic.effective
    if period is None or period.from_ is None or period.to is None:
        return
    precision = min(len(period.from_), len(period.to))
    if period.to[:precision] < period.from_[:precision]:
        message = f"the period is from {period.from_} to {period.to}, which is earlier"
        yield Finding(period.to.span, message)


RULE = Rule("KB315", "ends-before-it-begins", Severity.ERROR, _check, __doc__)
