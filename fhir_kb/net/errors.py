"""What goes wrong on the network."""

from __future__ import annotations

from fhir_kb.diagnostics.errors import FhirKbError


class NetError(FhirKbError):
    """There is no usable response."""

    status: int
    """The HTTP status of the response, 0 where none came."""
    tries: int | None = 1
    """How often it is worth trying; None: as often as the policy says."""

    def __init__(self, message: str, help: str = "", status: int = 0) -> None:  # noqa: A002
        super().__init__(message, help)
        self.status = status


class OfflineError(NetError):
    """A request was not sent because the run is offline."""
