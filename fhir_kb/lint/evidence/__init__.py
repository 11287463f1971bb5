"""What is evidence, and what is not."""

from fhir_kb.lint.evidence.in_a_theory import RULE as IN_A_THEORY

RULES = (IN_A_THEORY,)
