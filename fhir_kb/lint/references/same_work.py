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
from fhir_kb.lint.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text
    from fhir_kb.model.reference import Reference


def _check(scope: Scope) -> Iterator[Finding]:
    seen: dict[tuple[str, str], Reference] = {}
    for reference in scope.source.references:
        for called, value in _marks(reference):
            key = (called, value.casefold().replace("-", "").replace(" ", ""))
            first = seen.setdefault(key, reference)
            if first is not reference:
                message = f"'{reference.id}' is the same work as '{first.id}': the same {called}"
                yield Finding(value.span, message, f"keep one; the other is at {first.id.span}")
                break


def _marks(reference: Reference) -> Iterator[tuple[str, Text]]:
    """What tells a work from all others. A DOI is the same in small and capital letters."""
    isbn = reference.isbn if reference.type == "book" else None
    for called, value in (("DOI", reference.doi), ("PubMed id", reference.pmid), ("ISBN", isbn)):
        if value is not None:
            yield called, value


RULE = Rule("KB327", "same-work", Severity.ERROR, _check, __doc__)
