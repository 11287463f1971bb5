"""Search requests: their parameters, and the same search in parts that fit into a URL.

https://hl7.org/fhir/search.html. Nothing here sends anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.servers.protocol import Observation, Query, ServerCapabilities

MAX_URL: Final = 1800
"""Characters of the parameters in a URL; longer ones go into the body of a POST."""
_COMMA: Final = "%2C"
_SUMMARY_ELEMENTS: Final = "url,version"
_VALUE: Final = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
OPTIONAL: Final[Mapping[str, Observation]] = {"_elements": "no-elements", "_count": "no-page-size"}
"""Parameters that only make a search cheaper, with what a server that refuses them has shown."""


def form_of(query: Query) -> str:
    """The parameters as a form, which is also the query of a URL."""
    return urlencode(
        [
            (name, value)
            for name, values in query.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
    )


def search_query(query: Query, capabilities: ServerCapabilities, *, summary: bool) -> Query:
    """The query with what makes it cheaper, as far as the server takes that."""
    extra = {"_count": str(capabilities.page_size)}
    if summary:
        extra["_elements"] = _SUMMARY_ELEMENTS
    refused = capabilities.observed
    return {**query, **{name: value for name, value in extra.items()
                        if OPTIONAL[name] not in refused}}  # fmt: skip


def parts_of(query: Query) -> Iterator[Query]:
    """Searches that together find the same, each short enough for a URL.

    The alternatives of the longest parameter (`_id=a,b,c`) are shared out.
    """
    alternatives = {
        name: _VALUE.findall(value) for name, value in query.items() if isinstance(value, str)
    }
    name = max(alternatives, key=lambda name: len(alternatives[name]), default="")
    values = alternatives.get(name, ())
    if len(values) < 2:
        yield query
        return
    room = MAX_URL - len(form_of({**query, name: ""}))
    part: list[str] = []
    length = 0
    for value in values:
        needed = len(quote_plus(value)) + len(_COMMA)
        if part and length + needed > room:
            yield {**query, name: ",".join(part)}
            part, length = [], 0
        part.append(value)
        length += needed
    yield {**query, name: ",".join(part)}
