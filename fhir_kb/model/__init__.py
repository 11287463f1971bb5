"""What the definitions say, as frozen values; each remembers where it was written."""

from fhir_kb.model.element import Element, Json, span_at, span_of
from fhir_kb.model.text import Text

__all__ = ["Element", "Json", "Text", "span_at", "span_of"]
