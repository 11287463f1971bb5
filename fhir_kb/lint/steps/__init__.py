"""Steps that can be done, and activities that are."""

from fhir_kb.lint.steps.choice_without_alternatives import RULE as CHOICE_WITHOUT_ALTERNATIVES
from fhir_kb.lint.steps.circular_steps import RULE as CIRCULAR_STEPS
from fhir_kb.lint.steps.condition_for_people import RULE as CONDITION_FOR_PEOPLE
from fhir_kb.lint.steps.double_negative import RULE as DOUBLE_NEGATIVE
from fhir_kb.lint.steps.step_with_several_definitions import RULE as STEP_WITH_SEVERAL_DEFINITIONS
from fhir_kb.lint.steps.step_without_content import RULE as STEP_WITHOUT_CONTENT
from fhir_kb.lint.steps.unused_activity import RULE as UNUSED_ACTIVITY

RULES = (
    CIRCULAR_STEPS,
    STEP_WITH_SEVERAL_DEFINITIONS,
    STEP_WITHOUT_CONTENT,
    CHOICE_WITHOUT_ALTERNATIVES,
    UNUSED_ACTIVITY,
    CONDITION_FOR_PEOPLE,
    DOUBLE_NEGATIVE,
)
