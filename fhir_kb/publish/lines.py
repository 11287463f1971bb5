"""Resources one a line, as bulk data tools read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.publish.content import Content, composed
from fhir_kb.publish.links import roots_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.emit import Emitted


def ndjson(resources: Sequence[Emitted]) -> Content:
    """Newline-delimited JSON (https://hl7.org/fhir/nd-json.html), roots first."""
    ordered = roots_first(resources)
    return composed(
        lambda: (one.line_bytes + b"\n" for one in ordered),
        "ndjson",
        *(one.digest for one in ordered),
    )
