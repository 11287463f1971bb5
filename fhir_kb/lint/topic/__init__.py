"""Topics as a whole."""

from fhir_kb.lint.topic.example_canonical import RULE as EXAMPLE_CANONICAL
from fhir_kb.lint.topic.invalid_rule_setting import RULE as INVALID_RULE_SETTING
from fhir_kb.lint.topic.period_ends_before_start import RULE as PERIOD_ENDS_BEFORE_START
from fhir_kb.lint.topic.topic_without_content import RULE as TOPIC_WITHOUT_CONTENT

RULES = (TOPIC_WITHOUT_CONTENT, PERIOD_ENDS_BEFORE_START, EXAMPLE_CANONICAL, INVALID_RULE_SETTING)
