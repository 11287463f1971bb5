"""How the topics of a knowledge base go together."""

from fhir_kb.lint.knowledge_base.circular_plans import RULE as CIRCULAR_PLANS
from fhir_kb.lint.knowledge_base.duplicate_topic import RULE as DUPLICATE_TOPIC
from fhir_kb.lint.knowledge_base.same_library import RULE as SAME_LIBRARY

RULES = (DUPLICATE_TOPIC, SAME_LIBRARY, CIRCULAR_PLANS)
