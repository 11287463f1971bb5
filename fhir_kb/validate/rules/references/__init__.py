"""Sources and codes that can be relied on."""

from fhir_kb.validate.rules.references.check_digit import RULE as CHECK_DIGIT
from fhir_kb.validate.rules.references.identifier_digit import RULE as IDENTIFIER_DIGIT
from fhir_kb.validate.rules.references.retracted import RULE as RETRACTED

RULES = (RETRACTED, CHECK_DIGIT, IDENTIFIER_DIGIT)
