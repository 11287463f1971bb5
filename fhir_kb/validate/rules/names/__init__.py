"""Names that lead somewhere."""

from fhir_kb.validate.rules.names.unknown_predecessor import RULE as UNKNOWN_PREDECESSOR

RULES = (UNKNOWN_PREDECESSOR,)
