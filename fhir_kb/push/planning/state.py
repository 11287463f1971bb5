"""What stands on a server because of us, as far as we know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fhir_kb.servers.protocol import Ref


NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordedResource:
    """A resource of ours on the server.

    version, updated: of the version that we wrote or saw last. sent: the digest of what we sent;
    stored: of what the server made of it. push: the number of the push that sent it. retired:
    whether it is no longer defined, and was retired for that.
    """

    ref: Ref
    version: str
    updated: str
    sent: str
    stored: str
    push: int
    retired: bool = False


@dataclass(slots=True)
class State:
    """All records by key, and until when (by the server's clock) all changes there are known."""

    server: str
    seen: str = ""
    pushes: int = 0
    records: dict[str, RecordedResource] = field(default_factory=dict)

    def copy(self) -> State:
        """Another one, to be changed."""
        return replace(self, records=dict(self.records))


def instant(text: str) -> datetime:
    """A FHIR instant; the beginning of time for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return NEVER
    return found if found.tzinfo else found.replace(tzinfo=UTC)
