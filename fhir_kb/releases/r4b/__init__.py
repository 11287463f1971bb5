"""FHIR R4B: R4 with most of R5's Evidence, and an older Citation."""

from __future__ import annotations

from pathlib import Path

from fhir_kb.model.fhir_release import R4B
from fhir_kb.model.resource_kind import basic_id_prefixes
from fhir_kb.releases import older
from fhir_kb.releases.lowering import Lowering
from fhir_kb.releases.older.release import OlderRelease
from fhir_kb.releases.r4b import citation, duration, evidence, expression, systems
from fhir_kb.releases.r4b.profiles import PROFILES
from fhir_kb.releases.table import read_table


def make() -> OlderRelease:
    """The release."""
    lowering = Lowering(
        R4B,
        read_table(Path(__file__).parent),
        {**older.RULES, **evidence.RULES, **citation.RULES},
        {**older.FALLBACKS, **evidence.FALLBACKS, **citation.FALLBACKS},
        {
            **older.FINISH,
            **citation.FINISH,
            **duration.FINISH,
            **expression.FINISH,
            **systems.FINISH,
        },
        basic_id_prefixes(R4B, citations_as_basic=False),
    )
    return OlderRelease(lowering, PROFILES)
