"""Sources and codes that can be relied on."""

from fhir_kb.lint.references.code_check_digit import RULE as CODE_CHECK_DIGIT
from fhir_kb.lint.references.duplicate_reference import RULE as DUPLICATE_REFERENCE
from fhir_kb.lint.references.identifier_check_digit import RULE as IDENTIFIER_CHECK_DIGIT
from fhir_kb.lint.references.long_quotation import RULE as LONG_QUOTATION
from fhir_kb.lint.references.reference_without_identifier import (
    RULE as REFERENCE_WITHOUT_IDENTIFIER,
)
from fhir_kb.lint.references.retracted_reference import RULE as RETRACTED_REFERENCE
from fhir_kb.lint.references.retraction_notice import RULE as RETRACTION_NOTICE
from fhir_kb.lint.references.unused_reference import RULE as UNUSED_REFERENCE

RULES = (
    RETRACTED_REFERENCE,
    RETRACTION_NOTICE,
    CODE_CHECK_DIGIT,
    IDENTIFIER_CHECK_DIGIT,
    UNUSED_REFERENCE,
    LONG_QUOTATION,
    REFERENCE_WITHOUT_IDENTIFIER,
    DUPLICATE_REFERENCE,
)
