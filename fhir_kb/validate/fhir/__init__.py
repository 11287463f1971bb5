"""The FHIR validator: structure, values, codes, references, narrative, invariants."""

from fhir_kb.validate.fhir.catalogue import CODES
from fhir_kb.validate.fhir.issue import Issue
from fhir_kb.validate.fhir.text import Report, ResourceReport, check_lines, check_text
from fhir_kb.validate.fhir.validator import Validator

__all__ = [
    "CODES",
    "Issue",
    "Report",
    "ResourceReport",
    "Validator",
    "check_lines",
    "check_text",
]
