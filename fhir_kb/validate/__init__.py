"""The FHIR validator: structure, datatypes, narrative, invariants, bundles, profiles, codes.

What is named here is imported when it is first used: checking what is in memory needs no reader of
texts, and a run that checks definitions only does not pay for the validator.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fhir_kb.validate.check import (
        Report,
        ResourceReport,
        check_lines,
        check_lines_with,
        check_text,
        check_text_with,
    )
    from fhir_kb.validate.core.issue import Issue
    from fhir_kb.validate.fhirpath_support import fhirpath_services
    from fhir_kb.validate.finding_codes import CODES
    from fhir_kb.validate.options import ValidationOptions
    from fhir_kb.validate.validator import Validator

__all__ = [
    "CODES",
    "Issue",
    "Report",
    "ResourceReport",
    "ValidationOptions",
    "Validator",
    "check_lines",
    "check_lines_with",
    "check_text",
    "check_text_with",
    "fhirpath_services",
]
_HOMES: Final = {
    "CODES": "finding_codes",
    "ValidationOptions": "options",
    "Issue": "core.issue",
    "Validator": "validator",
    "fhirpath_services": "fhirpath_support",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'check')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
