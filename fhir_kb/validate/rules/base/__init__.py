"""How the topics of a knowledge base go together."""

from fhir_kb.validate.rules.rule import BaseRule

RULES: tuple[BaseRule, ...] = ()
