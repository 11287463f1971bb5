"""KB320: an ISSN, ISBN or ORCID iD has the wrong check digit.

The last digit of these identifiers follows from the others, so that a slip shows. With a wrong one
readers find another work, or none, and another author gets the credit.

    journal: {title: Emerging Infectious Diseases, issn: 1080-6058}      # it is 1080-6059

Look it up again, or leave it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.references._check_digits import isbn_fault, issn_fault, orcid_fault
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.reference import Author, Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.model import Text


def _check(scope: TopicScope) -> Iterator[Finding]:
    for journal in scope.of(Journal):
        yield from _check_identifier("ISSN", journal.issn, issn_fault)
    for author in scope.of(Author):
        yield from _check_identifier("ORCID iD", author.orcid, orcid_fault)
    for reference in scope.source.references:
        yield from _check_identifier("ISBN", reference.isbn, isbn_fault)


def _check_identifier(
    noun: str, value: Text | None, check: Callable[[str], str | None]
) -> Iterator[Finding]:
    if value is not None and (fault := check(value)) is not None:
        message = f"'{value}' is not a valid {noun}: its {fault}"
        yield Finding(value.span, message, "look it up again, or leave it out")


RULE = Rule("KB320", "identifier-digit", Severity.ERROR, _check, __doc__)
