"""Libraries of logic that engines find and run."""

from fhir_kb.lint.libraries.cql_library_name import RULE as CQL_LIBRARY_NAME
from fhir_kb.lint.libraries.library_elsewhere import RULE as LIBRARY_ELSEWHERE
from fhir_kb.lint.libraries.library_not_listed import RULE as LIBRARY_NOT_LISTED
from fhir_kb.lint.libraries.unportable_cql import RULE as UNPORTABLE_CQL

RULES = (CQL_LIBRARY_NAME, UNPORTABLE_CQL, LIBRARY_NOT_LISTED, LIBRARY_ELSEWHERE)
