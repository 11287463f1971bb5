"""Topics as a whole."""

from fhir_kb.validate.rules.topic.ends_before_it_begins import RULE as ENDS_BEFORE_IT_BEGINS
from fhir_kb.validate.rules.topic.says_nothing import RULE as SAYS_NOTHING
from fhir_kb.validate.rules.topic.unknown_rule import RULE as UNKNOWN_RULE

RULES = (SAYS_NOTHING, ENDS_BEFORE_IT_BEGINS, UNKNOWN_RULE)
