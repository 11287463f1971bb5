"""The services that FHIRPath functions need, from the validator: terminology and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.packages import definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate.profiles import ProfileChecker
from fhir_kb.validate.validator import Known

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Services
    from fhir_kb.packages import Canonicals


def fhirpath_services(fhir_version: str, canonicals: Canonicals | None = None) -> Services:
    """For memberOf(), conformsTo(), elementDefinition() and slice(); nothing is asked of a network.

    canonicals: profiles, value sets, … of one's own, before those of FHIR. Making it costs little;
    what is asked for is read when it is asked for. ValueError for an unknown version.
    """
    known = definitions(fhir_version)
    found = Known(fhir_version, canonicals)
    return ProfileChecker(known, found, TerminologyService(found, known)).fhirpath_services()
