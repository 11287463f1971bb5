"""What keeps a push from being made."""

from __future__ import annotations

from fhir_kb.diagnostics.errors import FhirKbError


class PushError(FhirKbError):
    """The push cannot begin or go on; see `FhirKbError` for its fields."""

    def __init__(self, message: str, help: str = "", *, usage: bool = False) -> None:  # noqa: A002
        super().__init__(message, help)
        self.usage = usage
