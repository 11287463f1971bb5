"""KB307: nothing cites a reference.

A list of references is read as what a page rests on. One that nothing in the topic names
looks as if it supported something.

    # references.yaml: and neither topic.yaml nor page.md names dommerholt-2011
    dommerholt-2011: {type: article, title: …}

Cite it where it is used (`from: dommerholt-2011`, `[@dommerholt-2011]`), or take it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    used = scope.used("reference") | {link.target for link in scope.links}
    for reference in scope.source.references:
        if reference.id not in used and not reference.retracts and not reference.corrects:
            message = f"nothing cites the reference '{reference.id}'"
            advice = f"cite it where it is used ([@{reference.id}] in the page), or take it out"
            yield Finding(reference.id.span, message, advice)


RULE = Rule("KB307", "unused-reference", Severity.WARNING, _check, __doc__)
