"""Drift: what somebody else has changed of the recorded resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_kb.push.planning.differences import Difference, differences
from fhir_kb.push.planning.policy import TargetPolicy, without_elements
from fhir_kb.servers.content import content_digest, without_server_elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.push.planning.state import RecordedResource
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import RemoteResource


@dataclass(frozen=True, slots=True)
class Drift:
    """A recorded resource that is no longer as we left it."""

    key: str
    remote: RemoteResource
    """What the server holds now."""
    differences: tuple[Difference, ...] = ()
    """From what was sent to what the server holds."""

    @property
    def deleted(self) -> bool:
        """Whether it was deleted."""
        return self.remote.deleted


def drift_of(
    key: str,
    record: RecordedResource,
    remote: RemoteResource,
    sent: Callable[[RecordedResource], Resource],
    policy: TargetPolicy,
) -> Drift | None:
    """The drift of one resource; None where there is none.

    Args:
        key: What identifies it.
        record: What is recorded of it.
        remote: What the server holds now, with content.
        sent: Gives the content that was sent; only called where it is needed.
        policy: Which differences do not count.
    """
    if remote.deleted:
        return Drift(key, remote)
    assert remote.resource is not None
    if content_digest(remote.resource) == record.stored_digest:
        return None
    skipped = (*policy.ignored_elements, *policy.kept_elements)
    before = without_elements(sent(record), skipped)
    changes = differences(
        before, without_elements(without_server_elements(remote.resource), skipped)
    )
    return Drift(key, remote, tuple(changes)) if changes else None
