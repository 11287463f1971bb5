"""The one door to the network: only this package imports `requests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError, OfflineError
from fhir_kb.net.urls import joined, origin_of, shown

if TYPE_CHECKING:
    from fhir_kb.net.client import Answer, Client, Received

__all__ = [
    "Access",
    "Answer",
    "Client",
    "NetError",
    "OfflineError",
    "Received",
    "joined",
    "origin_of",
    "shown",
]


def __getattr__(name: str) -> Any:
    """`requests` costs 0.1 s: it is imported when somebody wants to go out."""
    if name not in ("Answer", "Client", "Received"):
        raise AttributeError(f"module 'fhir_kb.net' has no attribute '{name}'")
    from fhir_kb.net import client

    return getattr(client, name)
