"""The functions of FHIRPath and those that FHIR adds, one module for each section."""

from fhir_kb.fhirpath.functions import (
    arithmetic,
    conversion,
    dates,
    existence,
    fhir,
    filtering,
    profiles,
    references,
    subsets,
    terminology,
    text,
    trees,
)
from fhir_kb.fhirpath.functions.registry import FUNCTIONS, Function

__all__ = [
    "FUNCTIONS",
    "Function",
    "arithmetic",
    "conversion",
    "dates",
    "existence",
    "fhir",
    "filtering",
    "profiles",
    "references",
    "subsets",
    "terminology",
    "text",
    "trees",
]
