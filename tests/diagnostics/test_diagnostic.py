"""Findings have one order, whatever the order of sets in a run."""

from __future__ import annotations

from itertools import permutations

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.diagnostics.diagnostic import in_order

SPAN = Span("a/topic.yaml", 1, 8, 1, 9)


def test_findings_that_differ_only_in_what_helps_have_an_order() -> None:
    findings = [
        Diagnostic("KB220", Severity.ERROR, "two topics are called 'a'", SPAN, help=advice)
        for advice in ("the other is at b", "the other is at c", "the other is at d", None)
    ]
    orders = {in_order(some) for some in permutations(findings)}
    assert len(orders) == 1
