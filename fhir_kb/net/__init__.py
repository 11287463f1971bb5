"""The one door to the network: only this package imports `requests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError, OfflineError
from fhir_kb.net.urls import joined, origin_of, shown

if TYPE_CHECKING:
    from fhir_kb.net.client import Answer, Client, Received
    from fhir_kb.net.session import Session, SessionSettings, open_session

__all__ = [
    "Access",
    "Answer",
    "Client",
    "NetError",
    "OfflineError",
    "Received",
    "Session",
    "SessionSettings",
    "joined",
    "open_session",
    "origin_of",
    "shown",
]

_HOMES = {
    **dict.fromkeys(("Answer", "Client", "Received"), "fhir_kb.net.client"),
    **dict.fromkeys(("Session", "SessionSettings", "open_session"), "fhir_kb.net.session"),
}


def __getattr__(name: str) -> Any:
    """`requests` costs 0.1 s: it is imported when somebody wants to go out."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fhir_kb.net' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
