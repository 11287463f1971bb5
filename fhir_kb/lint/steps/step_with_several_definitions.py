"""KB209: a step does several things at once.

A step leads to one definition: an activity (`does`), another topic's plan (`plan`) or a
questionnaire (`asks`). FHIR has a place for one, so the others would be lost.

    - {id: look, does: looking, asks: "https://kb.test/Questionnaire/q"}

Make steps of its own for each, within this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for step in scope.source.steps:
        definitions = [
            definition for definition in (step.does, step.plan, step.asks) if definition is not None
        ]
        if len(definitions) > 1:
            message = f"step '{step.id}' refers to {len(definitions)} definitions; FHIR allows one"
            yield Finding(
                definitions[1].span, message, "give each a step of its own, within this one"
            )


RULE = Rule("KB209", "too-many-deeds", Severity.ERROR, _check, __doc__)
