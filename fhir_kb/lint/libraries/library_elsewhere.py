"""KB336: a library has to be on the server before the plan is applied.

A library that others publish (`canonical`) is not part of what is built here. Where the server
does not have it, an engine can evaluate no condition that uses it, HAPI none in FHIRPath either,
and the steps that have one are not proposed.

    libraries:
      pep-logic: {canonical: https://publisher.example/fhir/Library/PEPLogic, name: PEPLogic}

That is right if the server has it, or gets it first: this is a note, for whoever loads the
server. An engine looks the library up by the end of its canonical, which therefore is the name in
its CQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for library in scope.source.topic.libraries:
        canonical = library.canonical
        if canonical is None:
            continue
        looked_up = library.cql_name_of_canonical
        message = f"the library '{library.id}' has to be on the server before the plan is applied"
        advice = "without it no step is proposed that has a condition of it, or one in FHIRPath"
        if library.name is not None and str(library.name) != looked_up:
            advice = (
                f"engines look it up as '{looked_up}', the end of its canonical; "
                f"it is called '{library.name}', so they will not find it"
            )
        yield Finding(canonical.span, message, advice)


RULE = Rule("KB336", "library-elsewhere", Severity.INFORMATION, _check, __doc__)
