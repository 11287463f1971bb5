"""FHIR R4."""

from __future__ import annotations

from pathlib import Path

from fhir_kb.model.fhir_release import R4
from fhir_kb.model.resource_kind import basic_id_prefixes
from fhir_kb.releases import pre_r5
from fhir_kb.releases.lowering import ReleaseLowering
from fhir_kb.releases.lowering_table import read_lowering_table
from fhir_kb.releases.pre_r5.release import PreR5Release
from fhir_kb.releases.r4 import evidence, grades, subject, variable
from fhir_kb.releases.r4.profiles import PROFILES


def make(*, citations_as_basic: bool) -> PreR5Release:
    """The release.

    Args:
        citations_as_basic: whether a Citation, which R4 does not have, becomes a Basic as well.
    """
    lowering = ReleaseLowering(
        R4,
        read_lowering_table(Path(__file__).parent),
        {**pre_r5.TRANSFORMS, **evidence.TRANSFORMS, **variable.TRANSFORMS},
        {**pre_r5.FALLBACKS, **subject.FALLBACKS},
        {**pre_r5.FINISHERS, **evidence.FINISHERS, **grades.FINISHERS, **variable.FINISHERS},
        basic_id_prefixes(R4, citations_as_basic=citations_as_basic),
    )
    return PreR5Release(lowering, PROFILES)
