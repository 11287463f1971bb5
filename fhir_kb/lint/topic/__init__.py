"""Topics as a whole."""

from fhir_kb.lint.topic.ends_before_it_begins import RULE as ENDS_BEFORE_IT_BEGINS
from fhir_kb.lint.topic.says_nothing import RULE as SAYS_NOTHING
from fhir_kb.lint.topic.unknown_rule import RULE as UNKNOWN_RULE

RULES = (SAYS_NOTHING, ENDS_BEFORE_IT_BEGINS, UNKNOWN_RULE)
