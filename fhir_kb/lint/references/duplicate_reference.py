"""KB327: two references are the same work.

Two references of a topic have the same DOI, PubMed id or ISBN. Each would become a Citation of its
own, and what rests on one work would look as if it rested on two. (Chapters of one book share its
ISBN, so there that is no sign.)

    furlan-2005: {type: article, title: …, doi: 10.1002/14651858.CD001351.pub2}
    cochrane-dn: {type: article, title: …, doi: 10.1002/14651858.CD001351.pub2}

Keep one of them, and cite that one everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text
    from fhir_kb.model.reference import Reference


def _check(scope: TopicScope) -> Iterator[Finding]:
    by_identifier: dict[tuple[str, str], Reference] = {}
    for reference in scope.source.references:
        for scheme, value in _identifiers(reference):
            key = (scheme, value.casefold().replace("-", "").replace(" ", ""))
            earlier = by_identifier.setdefault(key, reference)
            if earlier is not reference:
                message = f"'{reference.id}' is the same work as '{earlier.id}': the same {scheme}"
                yield Finding(value.span, message, f"keep one; the other is at {earlier.id.span}")
                break


def _identifiers(reference: Reference) -> Iterator[tuple[str, Text]]:
    """The identifiers of a work: DOI, PubMed id, and the ISBN of a book."""
    isbn = reference.isbn if reference.type == "book" else None
    for scheme, value in (("DOI", reference.doi), ("PubMed id", reference.pmid), ("ISBN", isbn)):
        if value is not None:
            yield scheme, value


RULE = Rule("KB327", "same-work", Severity.ERROR, _check, __doc__)
