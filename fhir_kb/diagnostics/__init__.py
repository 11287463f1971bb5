"""Findings: where, what, how bad, what to do."""

from fhir_kb.diagnostics.diagnostic import Diagnostic, has_errors, in_order
from fhir_kb.diagnostics.finding_code import CodePage, CodePages, FindingCode
from fhir_kb.diagnostics.json_records import from_json, to_json
from fhir_kb.diagnostics.nearest import did_you_mean, nearest
from fhir_kb.diagnostics.severity import Severity
from fhir_kb.diagnostics.span import Span

__all__ = [
    "CodePage",
    "CodePages",
    "Diagnostic",
    "FindingCode",
    "Severity",
    "Span",
    "did_you_mean",
    "from_json",
    "has_errors",
    "in_order",
    "nearest",
    "to_json",
]
