"""What the outside world does to a command."""

from __future__ import annotations

from fhir_kb.diagnostics.errors import FhirKbError


class OutsideError(FhirKbError):
    """The disk or the network failed."""

    code: str
    """The code of the finding that this is (KB6xx); "" for none."""

    def __init__(self, message: str, help: str | None = None, code: str = "") -> None:  # noqa: A002
        super().__init__(message, help or "")
        self.code = code
