"""FHIR R5: the form that everything has already, and the profiles to claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.model.fhir_release import R5 as FHIR_R5
from fhir_kb.releases.profile_claims import claim_profiles
from fhir_kb.releases.r5.profiles import PROFILES
from fhir_kb.releases.release import Lowered

if TYPE_CHECKING:
    from fhir_kb.model import Element
    from fhir_kb.model.fhir_release import FhirRelease


def make(*, citations_as_basic: bool) -> R5:  # noqa: ARG001  (it has Citation)
    """The release."""
    return R5()


class R5:
    """FHIR R5; see `Release`."""

    fhir: FhirRelease = FHIR_R5

    def lower(self, resource: Element) -> Lowered:
        """The resource itself, with the profiles that it meets."""
        claimed = resource.like(resource)
        claim_profiles(claimed, PROFILES)
        return Lowered((claimed,))
