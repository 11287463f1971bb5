"""Rules."""

from fhir_kb.validate.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
