"""KB313: a code system is named that nobody knows.

A code system is named by a short name (`snomed`, `loinc`, `rxnorm`, `icd-10`, …; kb.yaml may add
more under `systems`), by the name of one of the topic's own `code-systems`, or by its canonical
URL. A code without a system means nothing to any program.

    codes: [{system: snowmed, code: 279062009}]        # it is called 'snomed'

Name a system that is known, give its URL, or add it to `systems` in kb.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity, did_you_mean
from fhir_kb.lint.rule import Finding, Rule, SharedScope, TopicScope
from fhir_kb.model import code_words
from fhir_kb.model.concept import Code, Include

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {
        *code_words.SYSTEMS,
        *(str(system.name) for system in scope.base.settings.systems),
        *(str(system.id) for system in scope.source.topic.code_systems),
    }
    for code in scope.of(Code):
        yield from _check_name(code.system, defined)
    for include in scope.of(Include):
        if include.system is not None:
            yield from _check_name(include.system, defined)


def _shared(shared: SharedScope) -> Iterator[Finding]:
    defined = {*code_words.SYSTEMS, *(str(system.name) for system in shared.settings.systems)}
    for concept in shared.concepts.values():
        for code in concept.codes:
            yield from _check_name(code.system, defined)


def _check_name(name: Text, defined: set[str]) -> Iterator[Finding]:
    if name not in defined and ":" not in name:
        message = f"there is no code system '{name}'"
        yield Finding(name.span, message, did_you_mean(name, defined))


RULE = Rule("KB313", "unknown-system", Severity.ERROR, _check, __doc__, _shared)
