"""KB309: a quotation is too long.

A quotation shows the source's own words at the point that matters. A long one is a copy, for which
most works give no licence, and which nobody reads.

    quote: {text: "…120 words…", from: furlan-2005}

Quote the sentence that matters, and say the rest in your own words. 75 words are the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.evidence import Quote

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_WORDS: Final = 75


def _check(scope: TopicScope) -> Iterator[Finding]:
    for quote in scope.of(Quote):
        words = len(quote.text.split())
        if words > _MAX_WORDS:
            message = f"the quotation has {words} words; {_MAX_WORDS} are the limit"
            advice = "quote the sentence that matters, and say the rest in your own words"
            yield Finding(quote.text.span, message, advice)


RULE = Rule("KB309", "long-quotation", Severity.WARNING, _check, __doc__)
