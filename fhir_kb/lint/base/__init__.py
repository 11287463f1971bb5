"""How the topics of a knowledge base go together."""

from fhir_kb.lint.base.circle_of_plans import RULE as CIRCLE_OF_PLANS
from fhir_kb.lint.base.same_topic import RULE as SAME_TOPIC

RULES = (SAME_TOPIC, CIRCLE_OF_PLANS)
