"""What a FHIR server is to us: questions about its state, and changes sent to it.

Everything here works on resource ids of the server. `fhir_server.py` speaks to real servers over
HTTP; nothing else in this package knows HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.servers.content import content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.servers.content import Body

Resource = dict[str, Any]
Query: TypeAlias = "Mapping[str, str | Sequence[str]]"
"""Search parameters; one that is given several times has all its values. Values are FHIR's own
search syntax, with its special characters escaped; not yet encoded for URLs."""
Way = Literal["transaction", "batch", "single"]
"""How changes are sent: all or nothing, several at once each for itself, or one by one."""


class Ref(NamedTuple):
    """A resource's place on a server."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Live:
    """What stands at a place of the server.

    version: meta.versionId; "" where the server has none. updated: meta.lastUpdated as written.
    resource: all of it; None where only its heads were asked for, or it is deleted. url,
    canonical_version: of the artifact, "" where it has none.
    """

    ref: Ref
    version: str = ""
    updated: str = ""
    url: str = ""
    canonical_version: str = ""
    deleted: bool = False
    resource: Resource | None = field(default=None, repr=False)


Action = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change to be made.

    body: what shall stand there, with its id and no meta.versionId, or what gives it when it is
    asked for; None to delete. expected: the version that stands there now and must not have
    changed; "" to create what is not there (or where the server has no versions). unless: of a
    create whose id the server chooses (what `ref` and the resource name is then only a name within
    what is sent): not if a search finds something.
    """

    action: Action
    ref: Ref
    body: Resource | Body | None = field(default=None, repr=False)
    expected: str = ""
    unless: Query | None = None

    @property
    def resource(self) -> Resource | None:
        """What shall stand there."""
        return self.body() if callable(self.body) else self.body

    @property
    def content(self) -> bytes:
        """The same as compact JSON; nothing for a deletion."""
        return b"" if self.body is None else content_of(self.body)


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made, or had been made already.

    ref: where it stands, also where the server has chosen the id.
    created: False where something stood there. stored: what the server says it stored, if it does.
    """

    ref: Ref
    version: str = ""
    updated: str = ""
    created: bool = False
    stored: Resource | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that was not made, and would not be made if it were sent again as it is.

    moved: because another version stands there than was expected (or something, where nothing was).
    outcome: the server's OperationOutcome, if it sent one. text: what it says, for people.
    """

    ref: Ref
    status: int
    text: str
    moved: bool = False
    outcome: Resource | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Busy:
    """A change that was surely not made, and may be sent again.

    wait: seconds, as the server says; 0 where it does not.
    """

    ref: Ref
    status: int
    wait: float = 0.0


Outcome = Done | Refused | Busy


class DoubtError(Exception):
    """Nobody knows whether what was sent has been done: the answer was lost, or makes no sense.

    The caller has to look at what stands there now. text: what happened, for people.
    """

    def __init__(self, text: str, wait: float = 0.0) -> None:
        super().__init__(text)
        self.text = text
        self.wait = wait


class ServerError(FhirKbError):
    """The server cannot be reached, or rejects a whole request."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a server can do, from its CapabilityStatement and what is known of its software.

    software: name and version, as it says. fhir_version: such as "4.0.1". release: ours ("r4");
    "" for one that we do not publish. types: what it takes, by resource type: the names of its
    interactions ("create", "update", "search-type", "history-type", …); empty where it does not
    say. search: names of search parameters, by type. max_entries, max_bytes: of a bundle; 0: no
    limit known. client_ids: whether clients may choose ids: "any", "not-numeric" or "no".
    if_match: whether stale versions are refused on updates. if_none_match: the header of a create
    that must not replace anything: "if-none-match" (`*`), "if-match" (`W/"0"`) or "" for none.
    checks_references: whether a reference to what is not there is refused. page: the largest
    `_count` to ask for.
    """

    base: str
    software: str = ""
    fhir_version: str = ""
    release: str = ""
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    search: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ways: tuple[Way, ...] = ("single",)
    versioning: bool = True
    if_match: bool = True
    if_none_match: str = "if-none-match"
    conditional: tuple[str, ...] = ()
    client_ids: str = "not-numeric"
    checks_references: bool = True
    max_entries: int = 0
    max_bytes: int = 0
    page: int = 1000


class Server(Protocol):
    """A server to be asked and changed. Every method raises ServerError where there is no answer.

    Questions are repeated inside when that may help; changes never are.
    """

    @property
    def profile(self) -> Profile:
        """What it can do; asked once."""

    def count(self, type_: str, query: Query) -> int:
        """How many resources a search would find."""

    def search(self, type_: str, query: Query, *, heads: bool = False) -> Iterator[Live]:
        """All that a search finds, over all pages, fresh (never from a cache).

        heads: ids, versions, urls only, which costs much less.
        """

    def changed(self, type_: str, since: str) -> Iterator[Live]:
        """What was changed or deleted at or after `since` (an instant of the server's clock): each
        resource once, as it stands now, whole. Raises ServerError where the server has no history
        of types (`history-type` is not in profile.types[type_]).
        """

    def read(self, refs: Iterable[Ref], *, gone: bool = False) -> Mapping[Ref, Live]:
        """What stands at these places; one where nothing stands is not in the answer.

        gone: ask for each of these what became of it, which costs a request for each; then one that
        was deleted is in the answer as such, if the server says so.
        """

    def version(self, ref: Ref, version: str) -> Live | None:
        """An earlier version of a resource; None where it is gone."""

    def send(self, changes: Sequence[Change], way: Way) -> Sequence[Outcome]:
        """Make the changes; the outcomes are in their order.

        A transaction is done or not: then every outcome is Done, or none is; but what was to be
        made unless it is there is refused as moved where it is. References to what gets its id from
        the server lead to it within a transaction. Raises DoubtError
        where it may have been done, ServerError where it surely was not and cannot be.
        """
