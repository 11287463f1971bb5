"""The remote state: what a server holds now, as far as a plan has to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhir_kb.servers.protocol import Ref, RemoteResource


@dataclass(slots=True)
class RemoteState:
    """What the server holds now."""

    recorded: dict[str, RemoteResource] = field(default_factory=dict)
    """By key, the recorded resources as they are now; without content where that has not been read,
    because nothing has changed."""
    unrecorded: dict[str, RemoteResource] = field(default_factory=dict)
    """By key, desired resources that exist there without being recorded."""
    duplicates: dict[str, tuple[RemoteResource, ...]] = field(default_factory=dict)
    """By key, desired resources that exist there more than once."""
    occupied: dict[Ref, RemoteResource] = field(default_factory=dict)
    """What has the ids that new resources would get."""
    refreshed_until: str = ""
    """Until when, by the server's clock, all changes to recorded resources are in here."""
