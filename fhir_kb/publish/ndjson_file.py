"""A resource a line, as bulk data tools read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.publish.file_content import FileContent, lazy_content
from fhir_kb.publish.references import roots_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.emit import EmittedResource


def ndjson(resources: Sequence[EmittedResource]) -> FileContent:
    """Newline-delimited JSON (https://hl7.org/fhir/nd-json.html), roots first."""
    ordered = roots_first(resources)
    return lazy_content(
        lambda: (resource.line_bytes + b"\n" for resource in ordered),
        "ndjson",
        *(resource.digest for resource in ordered),
    )
