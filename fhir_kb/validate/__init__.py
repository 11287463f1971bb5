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
    from fhir_kb.validate.offline import services

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
    "services",
]
_HOMES = {"Against": "fhir_kb.validate.against", "services": "fhir_kb.validate.offline"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, "fhir_kb.validate.fhir")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
