"""Findings: where, what, how bad, what to do."""

from fhir_kb.diagnostics.as_json import from_json, to_json
from fhir_kb.diagnostics.code import Code, Page, Pages
from fhir_kb.diagnostics.diagnostic import Diagnostic, has_errors, in_order
from fhir_kb.diagnostics.nearest import did_you_mean, nearest
from fhir_kb.diagnostics.severity import Severity
from fhir_kb.diagnostics.span import Span

__all__ = [
    "Code",
    "Diagnostic",
    "Page",
    "Pages",
    "Severity",
    "Span",
    "did_you_mean",
    "from_json",
    "has_errors",
    "in_order",
    "nearest",
    "to_json",
]
