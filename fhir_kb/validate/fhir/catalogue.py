"""All kinds of issue that the FHIR validator knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.validate.fhir import (
    kinds_answers,
    kinds_bundle,
    kinds_conformance,
    kinds_content,
    kinds_extensions,
    kinds_json,
    kinds_narrative,
    kinds_profile_definitions,
    kinds_profiles,
    kinds_questions,
    kinds_search_sets,
    kinds_slicing,
    kinds_structure,
    kinds_structures,
    kinds_terminology,
    kinds_value_sets,
    kinds_values,
    kinds_xml,
)

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Code
    from fhir_kb.validate.fhir.issue import Kind

KINDS: Final[tuple[Kind, ...]] = tuple(
    sorted(
        (
            *kinds_json.KINDS,
            *kinds_structure.KINDS,
            *kinds_structures.KINDS,
            *kinds_values.KINDS,
            *kinds_content.KINDS,
            *kinds_narrative.KINDS,
            *kinds_terminology.KINDS,
            *kinds_value_sets.KINDS,
            *kinds_xml.KINDS,
            *kinds_bundle.KINDS,
            *kinds_answers.KINDS,
            *kinds_questions.KINDS,
            *kinds_search_sets.KINDS,
            *kinds_conformance.KINDS,
            *kinds_extensions.KINDS,
            *kinds_profiles.KINDS,
            *kinds_slicing.KINDS,
            *kinds_profile_definitions.KINDS,
        ),
        key=lambda kind: kind.code.id,
    )
)
CODES: Final[tuple[Code, ...]] = tuple(kind.code for kind in KINDS)
