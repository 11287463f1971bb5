"""Steps that can be done, and activities that are."""

from fhir_kb.lint.steps.circle import RULE as CIRCLE
from fhir_kb.lint.steps.no_choice import RULE as NO_CHOICE
from fhir_kb.lint.steps.silent import RULE as SILENT
from fhir_kb.lint.steps.too_many_deeds import RULE as TOO_MANY_DEEDS
from fhir_kb.lint.steps.unused_activity import RULE as UNUSED_ACTIVITY

RULES = (CIRCLE, TOO_MANY_DEEDS, SILENT, NO_CHOICE, UNUSED_ACTIVITY)
