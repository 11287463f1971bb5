"""The FHIR validator: structure, values, codes, references, narrative, invariants.

What is named here is imported when it is first used: checking what is in memory needs no reader of
texts, and explaining a code needs neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_kb.validate.fhir.catalogue import CODES
    from fhir_kb.validate.fhir.issue import Issue
    from fhir_kb.validate.fhir.text import (
        Report,
        ResourceReport,
        check_lines,
        check_lines_with,
        check_text,
        check_with,
    )
    from fhir_kb.validate.fhir.validator import Validator

__all__ = [
    "CODES",
    "Issue",
    "Report",
    "ResourceReport",
    "Validator",
    "check_lines",
    "check_lines_with",
    "check_text",
    "check_with",
]
_HOMES = {"CODES": "catalogue", "Issue": "issue", "Validator": "validator"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'text')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
