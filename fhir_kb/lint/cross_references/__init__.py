"""Names that lead somewhere."""

from fhir_kb.lint.cross_references.duplicate_step import RULE as DUPLICATE_STEP
from fhir_kb.lint.cross_references.retired_topic import RULE as RETIRED_TOPIC
from fhir_kb.lint.cross_references.unknown_activity import RULE as UNKNOWN_ACTIVITY
from fhir_kb.lint.cross_references.unknown_concept import RULE as UNKNOWN_CONCEPT
from fhir_kb.lint.cross_references.unknown_evidence import RULE as UNKNOWN_EVIDENCE
from fhir_kb.lint.cross_references.unknown_goal import RULE as UNKNOWN_GOAL
from fhir_kb.lint.cross_references.unknown_library import RULE as UNKNOWN_LIBRARY
from fhir_kb.lint.cross_references.unknown_link import RULE as UNKNOWN_LINK
from fhir_kb.lint.cross_references.unknown_predecessor import RULE as UNKNOWN_PREDECESSOR
from fhir_kb.lint.cross_references.unknown_reference import RULE as UNKNOWN_REFERENCE
from fhir_kb.lint.cross_references.unknown_system import RULE as UNKNOWN_SYSTEM
from fhir_kb.lint.cross_references.unknown_topic import RULE as UNKNOWN_TOPIC
from fhir_kb.lint.cross_references.unknown_value_set import RULE as UNKNOWN_VALUE_SET

RULES = (
    DUPLICATE_STEP,
    UNKNOWN_ACTIVITY,
    UNKNOWN_GOAL,
    UNKNOWN_PREDECESSOR,
    UNKNOWN_TOPIC,
    UNKNOWN_REFERENCE,
    UNKNOWN_CONCEPT,
    UNKNOWN_EVIDENCE,
    UNKNOWN_LIBRARY,
    UNKNOWN_LINK,
    UNKNOWN_VALUE_SET,
    UNKNOWN_SYSTEM,
    RETIRED_TOPIC,
)
