"""The services that FHIRPath functions need, from the validator: terminology and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.packages import definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate.profiles.checker import ProfileChecker
from fhir_kb.validate.validator import CanonicalLookup

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Services
    from fhir_kb.packages import Canonicals


def fhirpath_services(fhir_version: str, canonicals: Canonicals | None = None) -> Services:
    """Services for memberOf(), conformsTo(), elementDefinition() and slice(), offline.

    Making them costs little; definitions are read when an expression needs them.

    Args:
        fhir_version: "5.0.0", "4.3.0" or "4.0.1".
        canonicals: Profiles, value sets, … that go before those of FHIR.

    Raises:
        ValueError: The version is unknown.
    """
    release = definitions(fhir_version)
    lookup = CanonicalLookup(fhir_version, canonicals)
    return ProfileChecker(release, lookup, TerminologyService(lookup, release)).fhirpath_services()
