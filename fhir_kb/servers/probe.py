"""What a server can do, found out without leaving a trace: everything here is a question."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.model.resource_kind import published_types
from fhir_kb.servers.capabilities import known_of
from fhir_kb.servers.server import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.servers.server import Profile, Server

How = Literal["says", "tried", "known", "not known"]
"""Whether the server says so itself, has shown it, its software is known for it, or nobody knows
before something is written."""
_NOWHERE: Final = "fhir-kb-looks-for-nothing"


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that was asked. fits: whether pushing works with it as it is."""

    topic: str
    text: str
    how: How
    fits: bool = True


def probe(server: Server) -> list[Answer]:
    """What a push has to know of a server. Raises ServerError where it does not answer at all."""
    profile = server.profile
    label = BY_NAME[profile.release].label if profile.release else ""
    return [
        Answer("software", profile.software or "not said", "says"),
        Answer("FHIR", f"{profile.fhir_version} ({label or 'none of ours'})",
               "says", bool(profile.release)),
        _types(profile),
        _ways(profile),
        *_conditions(profile),
        *_tried(server),
        _ids(profile),
        _references(profile),
        _limits(profile),
    ]  # fmt: skip


def _types(profile: Profile) -> Answer:
    wanted = published_types(BY_NAME[profile.release]) if profile.release else ()
    missing = [kind for kind in wanted if kind not in profile.types]
    if not profile.types:
        return Answer("types", "not said", "says")
    if missing:
        return Answer("types", f"lacks {', '.join(missing)}", "says", fits=False)
    return Answer("types", f"all {len(wanted)} that definitions become", "says")


def _ways(profile: Profile) -> Answer:
    words = {"transaction": "transactions", "batch": "batches", "single": "one by one"}
    return Answer("changes go", f"as {words[profile.ways[0]]}", "says")


def _conditions(profile: Profile) -> Iterator[Answer]:
    types = profile.types.get("PlanDefinition", frozenset())
    history = "history-type" in types
    text = "asked of each type" if history else "none: the versions of all are asked for"
    yield Answer("what changed", text, "says")
    conditional = ", ".join(profile.conditional) or "none"
    yield Answer("conditional", f"{conditional} (not needed)", "says")
    if not profile.versioning:
        yield Answer("versions", "none: changes of others are not seen", "says", fits=False)
    elif known_of(profile.software):
        yield Answer("versions", "a stale change is refused", "known")
    else:
        yield Answer("versions", "kept; whether a stale change is refused", "not known")


def _tried(server: Server) -> Iterator[Answer]:
    """Questions that any server may be asked."""
    begin = time.perf_counter()
    yield _asked("search", lambda: f"{server.count('PlanDefinition', {})} PlanDefinition")
    wait = time.perf_counter() - begin
    yield Answer("an answer takes", f"{wait * 1000:.0f} ms", "tried")
    url = "https://fhir-kb.example/nothing"
    yield _asked(
        "by url", lambda: f"{sum(1 for _ in server.search('PlanDefinition', {'url': url}))} found"
    )
    yield _asked(
        "by id",
        lambda: f"{sum(1 for _ in server.search('PlanDefinition', {'_id': _NOWHERE}))} found",
    )


def _asked(topic: str, question: Callable[[], str]) -> Answer:
    try:
        return Answer(topic, question(), "tried")
    except ServerError as error:
        return Answer(topic, error.message, "tried", fits=False)


def _ids(profile: Profile) -> Answer:
    if profile.client_ids == "no":
        return Answer("ids", "the server's own: what we create is found by url and version", "says")
    if known_of(profile.software):
        return Answer("ids", "ours, unless they are numbers", "known")
    if any("update" in words for words in profile.types.values()):
        return Answer("ids", "whether ours are taken", "not known")
    return Answer("ids", "no updates: ours cannot be given", "says", fits=False)


def _references(profile: Profile) -> Answer:
    if known_of(profile.software):
        return Answer("references", "to what is not there are refused", "known")
    return Answer("references", "whether what is not there may be referred to", "not known")


def _limits(profile: Profile) -> Answer:
    if profile.max_entries or profile.max_bytes:
        text = f"{profile.max_entries or 'any'} entries, {profile.max_bytes or 'any'} bytes"
        return Answer("a request takes", text, "says")
    return Answer("a request takes", "what it takes; one that is too large is parted", "not known")
