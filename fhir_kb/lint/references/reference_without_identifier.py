"""KB312: readers cannot find an article.

An article is found by its DOI, its PubMed or PubMed Central id, or its address. With none of these
people have to search for the title, and programs cannot find it at all.

    furlan-2005: {type: article, title: Acupuncture and dry needling for low back pain}

Look the DOI or PubMed id up and add it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES: Final = ("article", "preprint")


def _check(scope: TopicScope) -> Iterator[Finding]:
    for reference in scope.source.references:
        identifiers = (
            reference.doi,
            reference.pmid,
            reference.pmcid,
            reference.url,
            reference.registration,
            reference.identifiers,
        )
        if reference.type in _TYPES and not any(identifiers):
            message = f"readers cannot find '{reference.id}': it has no DOI, PubMed id or address"
            yield Finding(reference.id.span, message, "look its 'doi' or 'pmid' up, or add a 'url'")


RULE = Rule("KB312", "not-findable", Severity.WARNING, _check, __doc__)
