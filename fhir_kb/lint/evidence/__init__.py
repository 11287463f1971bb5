"""What is evidence, and what is not."""

from fhir_kb.lint.evidence.aspect_without_reason import RULE as ASPECT_WITHOUT_REASON
from fhir_kb.lint.evidence.evidence_in_theory_section import RULE as EVIDENCE_IN_THEORY_SECTION
from fhir_kb.lint.evidence.ungraded_recommendation import RULE as UNGRADED_RECOMMENDATION

RULES = (EVIDENCE_IN_THEORY_SECTION, UNGRADED_RECOMMENDATION, ASPECT_WITHOUT_REASON)
