"""FHIR R4: the release that hospitals have."""

from __future__ import annotations

from pathlib import Path

from fhir_kb.model.fhir_release import R4
from fhir_kb.model.resource_kind import basic_id_prefixes
from fhir_kb.releases import older
from fhir_kb.releases.lowering import Lowering
from fhir_kb.releases.older.release import OlderRelease
from fhir_kb.releases.r4 import evidence, grades, subject, variable
from fhir_kb.releases.r4.profiles import PROFILES
from fhir_kb.releases.table import read_table


def make(*, citations_as_basic: bool) -> OlderRelease:
    """The release; R4 has no Citation, so these are given up to text or become Basics."""
    lowering = Lowering(
        R4,
        read_table(Path(__file__).parent),
        {**older.RULES, **evidence.RULES, **variable.RULES},
        {**older.FALLBACKS, **subject.FALLBACKS},
        {**older.FINISH, **evidence.FINISH, **grades.FINISH, **variable.FINISH},
        basic_id_prefixes(R4, citations_as_basic=citations_as_basic),
    )
    return OlderRelease(lowering, PROFILES)
