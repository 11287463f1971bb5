"""FHIR R4B: R4 with most of R5's Evidence, and an older Citation."""

from __future__ import annotations

from pathlib import Path

from fhir_kb.model.fhir_release import R4B
from fhir_kb.model.resource_kind import basic_id_prefixes
from fhir_kb.releases import pre_r5
from fhir_kb.releases.lowering import ReleaseLowering
from fhir_kb.releases.lowering_table import read_lowering_table
from fhir_kb.releases.pre_r5.release import PreR5Release
from fhir_kb.releases.r4b import citation, duration, evidence, expression, systems
from fhir_kb.releases.r4b.profiles import PROFILES


def make(*, citations_as_basic: bool) -> PreR5Release:
    """The release."""
    lowering = ReleaseLowering(
        R4B,
        read_lowering_table(Path(__file__).parent),
        {**pre_r5.TRANSFORMS, **evidence.TRANSFORMS, **citation.TRANSFORMS},
        {**pre_r5.FALLBACKS, **evidence.FALLBACKS, **citation.FALLBACKS},
        {
            **pre_r5.FINISHERS,
            **citation.FINISHERS,
            **duration.FINISHERS,
            **expression.FINISHERS,
            **systems.FINISHERS,
        },
        basic_id_prefixes(R4B, citations_as_basic=citations_as_basic),
    )
    return PreR5Release(lowering, PROFILES)
