"""A plan: what will be done on a server, resource by resource, and what needs an approval first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.servers.protocol import ChangeRequest, Ref, RemoteResource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.push.planning.differences import Difference
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.state import RecordedResource
    from fhir_kb.servers.content import LazyResource, Resource

PlanAction = Literal[
    "create", "update", "unchanged", "adopt", "conflict", "retire", "delete", "orphaned", "forget"
]
"""What a plan does with one resource.

create: the server does not hold it. update: its definition has changed. unchanged: nothing to do.
adopt: the server holds it, but not from us. conflict: somebody else changed, made or deleted it.
Of resources that are no longer defined: retire (its status), delete, orphaned (the release has no
status that retires it, so it stays), forget (it is gone from the server, and is not recorded any
more).
"""

SENDING: Final = frozenset({"create", "update", "retire", "delete"})
"""The actions that send something without an approval."""
_FEW_CHANGES: Final = 10
"""So few changes need the approval "many" only where they remove much."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One resource of a plan."""

    action: PlanAction
    key: str
    """What identifies the resource on any server."""
    ref: Ref
    """Where it is on this server, or will be."""
    name: str
    """For people: type, id and version."""
    body: Resource | LazyResource | None = field(default=None, repr=False)
    """What it has to be, or a function that returns that; None to delete it or to send nothing."""
    expected_version: str = ""
    """The version that the server holds now; "" for none."""
    differences: tuple[Difference, ...] = ()
    """From what the server holds to what it has to hold."""
    reason: str = ""
    """Why it is a conflict, or what else there is to say."""
    approval: str = ""
    """What the person has to approve before it is sent: "adopt" or "overwrite"."""
    remote: RemoteResource | None = field(default=None, repr=False)
    """What the server holds at `ref`, or held before it was deleted."""
    retired: bool = False
    """Whether it is not defined any more once this is done."""
    scopes: tuple[str, ...] = ()
    """The scopes that hold it once this is done, that of the plan first."""

    @property
    def desired(self) -> Resource | None:
        """What it has to be."""
        return self.body() if callable(self.body) else self.body

    @property
    def is_new(self) -> bool:
        """Whether the server holds nothing at `ref`."""
        return self.remote is None or self.remote.deleted

    def is_approved(self, approvals: Sequence[str]) -> bool:
        """Whether nothing has to be approved any more."""
        return not self.approval or self.approval in approvals

    def server_change(self) -> ChangeRequest | None:
        """What is sent to the server; None where nothing is."""
        if self.action not in SENDING and not self.approval:
            return None
        if self.body is None:
            return ChangeRequest("delete", self.ref, None, self.expected_version)
        action: Literal["create", "update"] = "create" if self.is_new else "update"
        return ChangeRequest(action, self.ref, self.body, self.expected_version)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done on a server."""

    server: str
    """Its base URL."""
    release: str
    """The FHIR release of the contents."""
    changes: tuple[PlannedChange, ...]
    """In the order of their keys, unchanged resources included."""
    refreshed_until: str = ""
    """As in `RemoteState`."""
    recorded_resources: int = 0
    """How many resources the scopes of the plan hold on this server."""
    scopes: tuple[str, ...] = ()
    """What the plan is of: the definitions, or which bundles."""
    delete: bool = False
    """Whether what is no longer held is deleted, not retired."""
    prune: bool = True
    """Whether what is no longer held is retired; otherwise it is left as it is."""
    is_rollback: bool = False
    """Whether it restores an earlier state."""
    unpruned: tuple[str, ...] = ()
    """The keys of what the scopes brought before and no longer hold, where that is left."""

    def counts(self) -> dict[str, int]:
        """How many resources there are of each action."""
        return dict(Counter(change.action for change in self.changes))

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to do or to decide."""
        return any(
            change.action in SENDING
            or change.action == "conflict"
            or (change.action == "adopt" and bool(change.differences))
            for change in self.changes
        )


def is_target_absent(change: PlannedChange) -> bool:
    """Whether the server does not hold this resource, and will not.

    Another one is in its place, or somebody else deleted it. What refers to it would
    refer to nothing.
    """
    if change.action != "conflict":
        return False
    return not change.approval or (change.remote is not None and change.remote.deleted)


def approved_changes(
    plan: Plan, approvals: Sequence[str]
) -> Iterator[tuple[PlannedChange, ChangeRequest]]:
    """What is sent with these approvals, each with what the server gets."""
    for change in plan.changes:
        server_change = change.server_change() if change.is_approved(approvals) else None
        if server_change is not None:
            yield change, server_change


def unresolved_changes(plan: Plan, approvals: Sequence[str]) -> list[PlannedChange]:
    """The changes that these approvals leave undone: the server is not as desired there."""
    return [
        change
        for change in plan.changes
        if not change.is_approved(approvals)
        or (change.action == "conflict" and not change.approval)
    ]


def too_many_changes(
    plan: Plan,
    policy: TargetPolicy,
    approvals: Sequence[str],
    recorded: Mapping[str, RecordedResource],
) -> str:
    """Why this plan needs the approval "many"; "" where it does not.

    More than ten changes are compared with the share that one push may change. What is retired or
    deleted, and no newer version of it is defined, is compared with a share of its own, however few
    it is: ten of ten resources are all of them. A rollback is called to remove what came later.

    Args:
        plan: What is to be done.
        policy: Has the shares.
        approvals: What the person approves.
        recorded: What the scopes of the plan hold, by key; what was retired before does not count.
    """
    if "many" in approvals:
        return ""
    recorded_resources = sum(not record.retired for record in recorded.values())
    sent = [change for change in approved_changes(plan, approvals) if change[1].action != "create"]
    if len(sent) > max(_FEW_CHANGES, policy.max_changed_share * recorded_resources):
        return _share_text("changes", len(sent), recorded_resources, policy.max_changed_share)
    defined = {_without_version(change.key) for change in plan.changes if not change.retired}
    removed = sum(
        change.retired
        and _without_version(change.key) not in defined
        and not (change.key in recorded and recorded[change.key].retired)
        for change, _ in sent
    )
    if removed > policy.max_removed_share * recorded_resources and not plan.is_rollback:
        return _share_text("removes", removed, recorded_resources, policy.max_removed_share)
    return ""


def _share_text(verb: str, number: int, recorded_resources: int, share: float) -> str:
    return (
        f"the plan {verb} {number} of the {recorded_resources} resources that were pushed to this "
        f"server before, more than {share:.0%}"
    )


def _without_version(key: str) -> str:
    """What is the same for all versions of an artifact: of "Type url|version", the first part."""
    return key.partition("|")[0]
