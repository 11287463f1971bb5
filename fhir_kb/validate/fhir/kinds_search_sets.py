"""Kinds of issue: what a search found."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

SEARCH_ENTRY: Final = Kind(
    Code(
        "KB742",
        "search-entry",
        Severity.ERROR,
        """\
An entry of a search's results is not what its mode says.

What matches is of a type that was searched for, by the `self` link of the bundle; what matches or
goes with it has an id; an outcome is an OperationOutcome. Each entry has a resource.

Correct `search.mode`, the link, or the resource.
""",
    ),
    "invalid",
    "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_MODE",
)

SEARCH_UNCLEAR: Final = Kind(
    Code(
        "KB743",
        "search-unclear",
        Severity.WARNING,
        """\
A search's results do not say what was searched for, or which entries match.

The `self` link of a `searchset` tells the search as the server understood it, and `search.mode` of
an entry whether it matches, goes with a match, or is an outcome.

Add the link, and the mode of each entry.
""",
    ),
    "invalid",
    "BUNDLE_SEARCH_NO_MODE",
)

KINDS: Final = (SEARCH_ENTRY, SEARCH_UNCLEAR)
