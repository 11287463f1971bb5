"""What the definitions say, as frozen values; each remembers where it was written."""

from fhir_kb.model.element import Element, Json, span_at

__all__ = ["Element", "Json", "span_at"]
