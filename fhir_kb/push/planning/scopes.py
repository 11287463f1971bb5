"""Scopes: which definitions, or which bundle, brought a resource to a server.

A push has the scope of what is pushed. It retires and counts nothing of other scopes; a resource
that several scopes hold stays until the last of them lets it go. See docs/adr/0010-scopes.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from fhir_kb.push.planning.state import RecordedResource, State

UNNAMED: Final = ""
"""The scope of a push that names none."""
_MANIFESTS: Final = "/Library/"
"""Between the canonical base of a knowledge base and the id of its manifest."""


class PushScope(NamedTuple):
    """What a plan may retire."""

    names: tuple[str, ...] = (UNNAMED,)
    """The scopes of what is pushed, sorted."""
    prune: bool = True
    """Whether what they brought before and no longer hold is retired."""
    is_rollback: bool = False
    """Whether an earlier state is restored."""
    left: frozenset[str] = frozenset()
    """The keys of what they held then, and another scope has pushed since: it is left alone."""


def has_scope(key: str, record: RecordedResource, names: Collection[str]) -> bool:
    """Whether one of these scopes holds a recorded resource.

    A state that an earlier version wrote names no scopes. Its resources are those of the knowledge
    base that their canonical url or identifier is below; of a push without a name, too.
    """
    if record.scopes:
        return any(name in names for name in record.scopes)
    return any(name == UNNAMED or _is_below(key, name) for name in names)


def other_holders(record: RecordedResource | None, names: Collection[str]) -> tuple[str, ...]:
    """The scopes beside these that hold a resource."""
    return tuple(name for name in record.scopes if name not in names) if record else ()


def resources_in_scopes(state: State, names: Collection[str]) -> dict[str, RecordedResource]:
    """The recorded resources that one of these scopes holds, by key."""
    return {key: record for key, record in state.resources.items() if has_scope(key, record, names)}


def scope_names(state: State) -> list[str]:
    """The names of all scopes that hold something, sorted; the unnamed one is left out."""
    return sorted({name for record in state.resources.values() for name in record.scopes if name})


def scopes_text(names: Collection[str]) -> str:
    """Scopes in a message."""
    return " and ".join(f"'{name}'" for name in names if name) or "no scope"


def is_push_of(pushed: Collection[str], names: Collection[str]) -> bool:
    """Whether a push was of one of these scopes.

    pushed: The scopes of the push; empty where a version before scopes made it.
    """
    return not pushed or any(name in names for name in pushed)


def is_restored(key: str, record: RecordedResource, state: State, names: Collection[str]) -> bool:
    """Whether a rollback of these scopes restores what was recorded of a resource.

    It does where one of them held the resource, or took it over since; not where another scope has
    pushed it since.
    """
    current = state.resources.get(key)
    if current is not None and current.scopes and current.scopes[0] not in names:
        return False
    return has_scope(key, record, names) or (current is not None and has_scope(key, current, names))


def _is_below(key: str, scope: str) -> bool:
    """Whether the key of a resource is that of a part of the knowledge base with this manifest."""
    base, manifests, _ = scope.rpartition(_MANIFESTS)
    _, _, identity = key.partition(" ")
    return bool(manifests) and (not identity or identity.startswith(f"{base}/"))
