"""HTTP: only this package imports `requests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError, OfflineError
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.urls import join_url, origin_of

if TYPE_CHECKING:
    from fhir_kb.net.client import Client, DownloadedFile
    from fhir_kb.net.response import Response
    from fhir_kb.net.retry import Attempts, RetryPolicy, Wait
    from fhir_kb.net.session import Session, open_session
    from fhir_kb.net.settings import SessionSettings

__all__ = [
    "Access",
    "Attempts",
    "Client",
    "DownloadedFile",
    "NetError",
    "OfflineError",
    "Response",
    "RetryPolicy",
    "Session",
    "SessionSettings",
    "Wait",
    "join_url",
    "open_session",
    "origin_of",
    "redacted_url",
]

_MODULES = {
    **dict.fromkeys(("Client", "DownloadedFile"), "fhir_kb.net.client"),
    **dict.fromkeys(("Attempts", "RetryPolicy", "Wait"), "fhir_kb.net.retry"),
    **dict.fromkeys(("Session", "open_session"), "fhir_kb.net.session"),
    "Response": "fhir_kb.net.response",
    "SessionSettings": "fhir_kb.net.settings",
}


def __getattr__(name: str) -> Any:
    """Imports late: `requests` costs 0.1 s and is needed only for a request."""
    if name not in _MODULES:
        raise AttributeError(f"module 'fhir_kb.net' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
