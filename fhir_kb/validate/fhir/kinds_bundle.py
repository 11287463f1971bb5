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

NO_FULL_URL: Final = Kind(
    Code(
        "KB725",
        "entry-without-url",
        Severity.ERROR,
        """\
An entry of a bundle has no `fullUrl`.

Except in transactions and batches, and their answers, each entry says by `fullUrl` which resource
it holds: references inside the bundle are resolved by it.

Give the entry the URL of its resource, or a `urn:uuid:`.
""",
    ),
    "invalid",
    "BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED",
)

BUNDLE_LINK: Final = Kind(
    Code(
        "KB726",
        "bundle-link",
        Severity.ERROR,
        """\
A link of a bundle does not belong there, or leads nowhere.

`first`, `previous`, `next` and `last` are pages of a search's results, which documents and messages
have not. A relative `stylesheet` of a document is one of its entries.

Take the link out, or add the entry.
""",
    ),
    "invalid",
    "BUNDLE_LINK_SEARCH_PROHIBITED",
)

NOT_REACHED: Final = Kind(
    Code(
        "KB727",
        "entry-not-reached",
        Severity.ERROR,
        """\
An entry of a document does not belong to it.

All resources of a document are those that its Composition refers to, directly or by way of others,
or that refer to these. What nothing leads to is not part of what was written and signed.

Refer to the resource, or take the entry out.
""",
    ),
    "informational",
    "Bundle_BUNDLE_Entry_Orphan_DOCUMENT",
)

NOT_REACHED_IN_MESSAGE: Final = Kind(
    Code(
        "KB728",
        "message-entry-not-reached",
        Severity.WARNING,
        """\
An entry of a message is referred to by nothing in it, and refers to nothing.

A message holds its MessageHeader and what that refers to, directly or by way of others.

Check whether the entry is meant to be there.
""",
    ),
    "informational",
    "Bundle_BUNDLE_Entry_Orphan_MESSAGE",
)

OTHER_TYPE_IN_BUNDLE: Final = Kind(
    Code(
        "KB729",
        "reference-of-other-type",
        Severity.ERROR,
        """\
A reference names another type than the entry has that it means.

The id of the reference is that of an entry's `urn:uuid:`, and the resource there is of another
type.

Correct the type in the reference, or write the `urn:uuid:` itself.
""",
    ),
    "invalid",
    "Reference_REF_ResourceType",
)

KINDS: Final = (
    NOT_IN_DOCUMENT, NO_FULL_URL, BUNDLE_LINK, NOT_REACHED, NOT_REACHED_IN_MESSAGE,
    OTHER_TYPE_IN_BUNDLE,
)  # fmt: skip
