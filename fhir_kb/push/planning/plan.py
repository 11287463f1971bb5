"""What has to be done on a server: from what is wanted, what we did last, and what is there.

Everything here is pure: `decide` asks nobody and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.servers.protocol import ChangeRequest, Ref, RemoteResource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fhir_kb.push.planning.differences import Difference
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.servers.content import LazyResource, Resource

Kind = Literal[
    "create", "update", "unchanged", "adopt", "conflict", "retire", "delete", "left", "forget"
]
"""create: it is not there. update: ours has changed. unchanged: nothing to do. adopt: it is there,
but not from us. conflict: somebody else changed, made or deleted it. retire, delete: ours, no
longer defined. left: ours, no longer defined, and it has no status to retire it by. forget: ours,
no longer defined, and gone already."""

WRITES: Final = frozenset({"create", "update", "retire", "delete"})
_FEW: Final = 10
"""So few changes never need a word, whatever their share."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One resource of the plan.

    ref: where it stands or shall stand. name: for people. body: what shall stand there, or what
    gives it when it is asked for; None to delete or leave. expected: the version that is there now;
    "" for none. differences: from what is there to what shall be. reason: why it is a conflict, or
    what else there is to say. needs: the word that has to be given before it is done ("adopt",
    "overwrite"), or "".
    """

    kind: Kind
    key: str
    ref: Ref
    name: str
    body: Resource | LazyResource | None = field(default=None, repr=False)
    expected: str = ""
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    needs: str = ""
    there: RemoteResource | None = field(default=None, repr=False)
    retired: bool = False

    @property
    def wanted(self) -> Resource | None:
        """What shall stand there."""
        return self.body() if callable(self.body) else self.body

    def change(self) -> ChangeRequest | None:
        """What is to be sent; None where nothing is."""
        if self.kind not in WRITES and not self.needs:
            return None
        if self.body is None:
            return ChangeRequest("delete", self.ref, None, self.expected)
        is_new = self.there is None or self.there.deleted
        return ChangeRequest("create" if is_new else "update", self.ref, self.body, self.expected)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done on a server.

    base: the server's address. release: the FHIR release of the contents. items: in the order of
    their keys. seen: as in `RemoteState`. records: what stands on the server because of us.
    """

    base: str
    release: str
    items: tuple[PlannedChange, ...]
    seen: str = ""
    records: int = 0

    def counts(self) -> dict[str, int]:
        """How many items of each kind there are."""
        return dict(Counter(item.kind for item in self.items))

    @property
    def changes(self) -> bool:
        """Whether there is anything to be done or decided."""
        return any(
            item.kind in WRITES
            or item.kind == "conflict"
            or (item.kind == "adopt" and bool(item.differences))
            for item in self.items
        )


def allowed(item: PlannedChange, words: Sequence[str]) -> bool:
    """Whether the person has given the word that an item needs."""
    return not item.needs or item.needs in words


def is_target_absent(item: PlannedChange) -> bool:
    """Whether what stands at its place, if anything, is not what it is about."""
    if item.kind != "conflict":
        return False
    return not item.needs or (item.there is not None and item.there.deleted)


def approved_changes(
    plan: Plan, words: Sequence[str]
) -> Iterator[tuple[PlannedChange, ChangeRequest]]:
    """What is sent when the person has given these words, and nothing else."""
    for item in plan.items:
        change = item.change() if allowed(item, words) else None
        if change is not None:
            yield item, change


def too_many_changes(plan: Plan, rules: TargetPolicy, words: Sequence[str]) -> str:
    """Why so much may not be changed without a word; "" where it may."""
    if "many" in words:
        return ""
    touched = [item for item, change in approved_changes(plan, words) if change.action != "create"]
    if len(touched) <= _FEW or len(touched) <= rules.changes * plan.records:
        return ""
    return (
        f"{len(touched)} of the {plan.records} resources that stand there because of us "
        f"would change, more than {rules.changes:.0%}"
    )
