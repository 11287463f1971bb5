"""Kinds of issue: what holds between the entries of a bundle."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

NOT_IN_DOCUMENT: Final = Kind(
    Code(
        "KB578",
        "not-in-document",
        Severity.ERROR,
        """\
A document's Composition refers to what is not, or not only once, in the bundle.

A document is complete in itself: the subject, authors, attesters, custodian and the entries of
sections are resources of the same bundle. A relative reference is completed with the base of the
Composition's `fullUrl` and must be the `fullUrl` of one entry.

Add the resource as an entry, or correct the reference or the `fullUrl`.
""",
    ),
    "invalid",
    "BUNDLE_BUNDLE_ENTRY_NOTFOUND",
)

KINDS: Final = (NOT_IN_DOCUMENT,)
