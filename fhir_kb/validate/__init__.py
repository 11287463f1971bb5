"""Validation: rules on definitions (fhir_kb.validate.rules) and the FHIR validator.

What is named here is imported when it is first used: a run that checks definitions only does not
pay for the FHIR validator.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_kb.validate.against import Against
    from fhir_kb.validate.fhir import (
        Issue,
        Report,
        ResourceReport,
        Validator,
        check_lines,
        check_lines_with,
        check_text,
        check_with,
    )

__all__ = [
    "Against",
    "Issue",
    "Report",
    "ResourceReport",
    "Validator",
    "check_lines",
    "check_lines_with",
    "check_text",
    "check_with",
]


def __getattr__(name: str) -> Any:
    if name == "Against":
        return import_module("fhir_kb.validate.against").Against
    if name in __all__:
        return getattr(import_module("fhir_kb.validate.fhir"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
