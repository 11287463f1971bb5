"""KB308: something rests on a reference that was retracted.

A work that was retracted must not carry a recommendation, evidence or a sentence of the page.

    furlan-2005: {type: article, title: …, retracted: true}     # and `from: furlan-2005` elsewhere

Find another source, or take out what rests on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    retracted = {str(reference.id) for reference in scope.source.references if reference.retracted}
    if not retracted:
        return
    for use in scope.uses("reference"):
        if use.name in retracted and not isinstance(use.by, Reference):
            yield Finding(
                use.name.span, f"'{use.name}' was retracted; it must not be cited as a source"
            )
    for link in scope.links:
        if link.kind == "reference" and link.target in retracted:
            yield Finding(
                link.span, f"'{link.target}' was retracted; it must not be cited as a source"
            )


RULE = Rule("KB308", "retracted", Severity.ERROR, _check, __doc__)
