"""What a server holds now, as far as a plan has to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhir_kb.servers.protocol import Ref, RemoteResource


@dataclass(slots=True)
class RemoteState:
    """What stands on the server.

    known: by key, what stands at the places of our records; `resource` is None where it is just
    what we know. found: by key, artifacts of ours that are there without us knowing. double: keys
    that were found more than once. taken: what stands at the places that new ones would get.
    seen: until when, by the server's clock, all changes to the places of our records are in this.
    """

    known: dict[str, RemoteResource] = field(default_factory=dict)
    found: dict[str, RemoteResource] = field(default_factory=dict)
    double: dict[str, tuple[RemoteResource, ...]] = field(default_factory=dict)
    taken: dict[Ref, RemoteResource] = field(default_factory=dict)
    seen: str = ""
