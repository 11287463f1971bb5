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
from fhir_kb.lint.rule import Finding, Rule, SharedScope, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(_scope: TopicScope) -> Iterator[Finding]:
    """Topics have no such settings."""
    return iter(())


def _shared(shared: SharedScope) -> Iterator[Finding]:
    if not shared.settings.rules:
        return
    codes = shared.codes
    for setting in shared.settings.rules:
        code = codes.get(setting.code)
        if code is None:
            message = f"there is no rule '{setting.code}'"
            yield Finding(setting.code.span, message, did_you_mean(setting.code, codes))
        elif code.severity is Severity.ERROR and setting.as_ != "error":
            message = f"{setting.code} ({code.name}) is an error and stays one"
            yield Finding(setting.code.span, message, "what it finds cannot be published")


RULE = Rule("KB330", "unswitchable-rule", Severity.ERROR, _check, __doc__, _shared)
