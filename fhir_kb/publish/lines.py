"""Resources one a line, as bulk data tools read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.publish.content import Content, pieced, recipe
from fhir_kb.publish.links import roots_first
from fhir_kb.publish.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.emit import Emitted


def ndjson(resources: Sequence[Emitted]) -> Content:
    """Newline-delimited JSON (https://hl7.org/fhir/nd-json.html), roots first."""
    ordered = roots_first(resources)
    digests = [one.digest for one in ordered]
    pieces = Pieces(recipe("ndjson"), lambda: digests, lambda at: ordered[at].line_bytes + b"\n")
    return pieced(pieces, "ndjson", *digests)
