"""Sources and codes that can be relied on."""

from fhir_kb.lint.references.check_digit import RULE as CHECK_DIGIT
from fhir_kb.lint.references.identifier_digit import RULE as IDENTIFIER_DIGIT
from fhir_kb.lint.references.long_quote import RULE as LONG_QUOTE
from fhir_kb.lint.references.not_findable import RULE as NOT_FINDABLE
from fhir_kb.lint.references.retracted import RULE as RETRACTED
from fhir_kb.lint.references.same_work import RULE as SAME_WORK
from fhir_kb.lint.references.unused import RULE as UNUSED

RULES = (RETRACTED, CHECK_DIGIT, IDENTIFIER_DIGIT, UNUSED, LONG_QUOTE, NOT_FINDABLE, SAME_WORK)
