"""How the topics of a knowledge base go together."""

from fhir_kb.lint.knowledge_base.circular_plans import RULE as CIRCULAR_PLANS
from fhir_kb.lint.knowledge_base.duplicate_topic import RULE as DUPLICATE_TOPIC

RULES = (DUPLICATE_TOPIC, CIRCULAR_PLANS)
