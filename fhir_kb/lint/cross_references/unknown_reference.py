"""KB301: something rests on a reference that is not listed.

`from`, quotations, certainty and citations on the page (`[@furlan-2005]`) name entries of the
topic's references.yaml. A citation that leads nowhere can't be checked by anybody.

    from: [furlan-2004]        # references.yaml has 'furlan-2005'

Name a reference that is there, or list it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity, did_you_mean
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {str(reference.id) for reference in scope.source.references}
    yield from undefined_names(scope, "reference", defined, "reference")
    for link in scope.links:
        if link.kind == "reference" and link.target not in defined:
            message = f"there is no reference '{link.target}'"
            yield Finding(link.span, message, did_you_mean(link.target, defined))


RULE = Rule("KB301", "unknown-reference", Severity.ERROR, _check, __doc__)
