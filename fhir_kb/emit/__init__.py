"""The one canonical JSON writer: FHIR's element order, and the same bytes every time."""

from fhir_kb.emit.element_order import ElementOrder, element_order
from fhir_kb.emit.emitted_resource import EmittedResource, emit
from fhir_kb.emit.writer import EmitError, canonical_json, compact_json

__all__ = [
    "ElementOrder",
    "EmitError",
    "EmittedResource",
    "canonical_json",
    "compact_json",
    "element_order",
    "emit",
]
