"""Steps that can be done."""

from fhir_kb.validate.rules.steps.circle import RULE as CIRCLE
from fhir_kb.validate.rules.steps.too_many_deeds import RULE as TOO_MANY_DEEDS

RULES = (CIRCLE, TOO_MANY_DEEDS)
