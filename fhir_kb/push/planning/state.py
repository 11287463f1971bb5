"""The recorded state: what the last pushes left on one server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fhir_kb.servers.json_values import usable_instant

if TYPE_CHECKING:
    from fhir_kb.servers.protocol import Ref

NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordedResource:
    """A resource of ours on the server, as we wrote or saw it last."""

    ref: Ref
    version: str
    """Its meta.versionId."""
    updated: str
    """Its meta.lastUpdated."""
    sent_digest: str
    """Digest of the content that was sent."""
    stored_digest: str
    """Digest of what the server stored."""
    push: int
    """The number of the push that sent it."""
    retired: bool = False
    """Whether it is no longer defined, and was retired for that."""
    scopes: tuple[str, ...] = ()
    """The scopes that hold it, the one that pushed it last first; empty where a version before
    scopes recorded it."""
    altered: bool = False
    """Whether the server stored it otherwise than it was sent."""


@dataclass(slots=True)
class State:
    """The recorded state of one server."""

    server: str
    """Its base URL."""
    refreshed_until: str = ""
    """Until when, by the server's clock, all changes to these resources are in here."""
    last_push: int = 0
    resources: dict[str, RecordedResource] = field(default_factory=dict)
    """By key."""
    last_scopes: tuple[str, ...] = ()
    """The scopes of the last push; empty where a version before scopes made it."""

    def copy(self) -> State:
        """An independent copy."""
        return replace(self, resources=dict(self.resources))

    def record(self, key: str, resource: RecordedResource | None) -> None:
        """Record a resource, or that it is gone."""
        if resource is None:
            self.resources.pop(key, None)
        else:
            self.resources[key] = resource

    def begin_refreshing(self) -> None:
        """After a first push: what happens from its first change on is asked for next time."""
        if not self.refreshed_until:
            updates = [
                entry.updated
                for entry in self.resources.values()
                if usable_instant(entry.updated) is not None
            ]
            self.refreshed_until = min(updates, key=instant, default="")


def instant(text: str) -> datetime:
    """A FHIR instant; the beginning of time where it cannot be read."""
    return usable_instant(text) or NEVER
