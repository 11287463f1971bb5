"""KB330: kb.yaml switches a rule that it cannot switch.

`rules` takes warnings less or more seriously: `off`, `information`, `warning`, `error`. What is an
error by itself stays one, because what it finds cannot be published.

    rules:
      KB307: off        # references that nothing cites are welcome here
      KB204: off        # no: a step that waits for nothing is an error

Take the line out, or name another rule; `fhir-kb explain CODE` says what a rule is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity, did_you_mean
from fhir_kb.lint.rule import Finding, Rule, Scope, Shared

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(_scope: Scope) -> Iterator[Finding]:
    """Nothing of a topic's."""
    return iter(())


def _shared(shared: Shared) -> Iterator[Finding]:
    if not shared.settings.rules:
        return
    from fhir_kb.lint import CODES  # which has this rule too

    rules = {code.id: code for code in CODES}
    for one in shared.settings.rules:
        rule = rules.get(one.code)
        if rule is None:
            message = f"there is no rule '{one.code}'"
            yield Finding(one.code.span, message, did_you_mean(one.code, rules))
        elif rule.severity is Severity.ERROR and one.as_ != "error":
            message = f"{one.code} ({rule.name}) is an error and stays one"
            yield Finding(one.code.span, message, "what it finds cannot be published")


RULE = Rule("KB330", "unswitchable-rule", Severity.ERROR, _check, __doc__, _shared)
