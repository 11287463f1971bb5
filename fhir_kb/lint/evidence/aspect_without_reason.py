"""KB340: an aspect of the certainty says nothing.

An aspect bears on the certainty by its rating, or by the reason that the source gives. With
neither, readers see its name alone and cannot tell which way it made the evidence go.

    aspects: {risk-of-bias: {}}

Give the rating of the source, or its reason in your own words, or leave the aspect out:

    aspects: {risk-of-bias: {text: Most of the trials were not blinded.}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.evidence import Aspect

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for aspect in scope.of(Aspect):
        if aspect.rating is None and not aspect.text:
            message = f"the aspect '{aspect.aspect}' has neither a rating nor a reason"
            yield Finding(aspect.span, message, "give its 'rating' or 'text', or leave it out")


RULE = Rule("KB340", "aspect-without-reason", Severity.ERROR, _check, __doc__)
