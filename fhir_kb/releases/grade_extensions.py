"""The extensions of an action that grade a recommendation."""

from __future__ import annotations

from typing import Final

STRENGTH: Final = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY: Final = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
#: of http://hl7.org/fhir/uv/cpg (2.0.0), for R4
DIRECTION: Final = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
#: those that lowering writes and that a guide defines, not FHIR itself
GUIDE_EXTENSIONS: Final = (DIRECTION,)
