"""What a FHIR server is to us: requests about its state, and change requests sent to it.

Everything here works on resource ids of the server. `http_fhir_server.py` speaks to real servers;
nothing else in this package knows HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.servers.content import compact_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.servers.content import LazyResource, Resource

Query: TypeAlias = "Mapping[str, str | Sequence[str]]"
"""Search parameters; one that is given several times has all its values. Values are FHIR's own
search syntax, with its special characters escaped; not yet encoded for URLs."""
SendMode = Literal["transaction", "batch", "single"]
"""How changes are sent: all or nothing, several at once each for itself, or one by one."""
Action = Literal["create", "update", "delete"]
Observation = Literal[
    "assigns-ids",
    "no-transaction",
    "no-batch",
    "no-history",
    "no-post-search",
    "no-elements",
    "no-page-size",
    "no-summary-count",
    "no-conditional-create",
]
"""What a server does otherwise than its statement says, or than every server should."""


class Ref(NamedTuple):
    """Type and id of a resource on a server."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class RemoteResource:
    """A resource as a server holds it."""

    ref: Ref
    version: str = ""
    """meta.versionId; "" where the server keeps no versions."""
    updated: str = ""
    """meta.lastUpdated as written."""
    url: str = ""
    """The canonical url; "" where it has none."""
    canonical_version: str = ""
    """The business version; "" where it has none."""
    deleted: bool = False
    resource: Resource | None = field(default=None, repr=False)
    """The content; None where only a summary was requested, or the resource is deleted."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change to be made on a server."""

    action: Action
    ref: Ref
    """With `if_none_exist` the id is only a name within what is sent."""
    body: Resource | LazyResource | None = field(default=None, repr=False)
    """The content with its id and without meta.versionId; None to delete."""
    expected_version: str = ""
    """The version that the change is based on; "" to create, or where there are no versions."""
    if_none_exist: Query | None = None
    """Of a create whose id the server assigns: it is made only if this search finds nothing."""
    is_guarded: bool = True
    """Whether a create goes with the condition that nothing is there yet."""

    @property
    def resource(self) -> Resource | None:
        """The content."""
        return self.body() if callable(self.body) else self.body

    @property
    def content(self) -> bytes:
        """The content as compact JSON; nothing for a deletion."""
        return b"" if self.body is None else compact_bytes(self.body)


@dataclass(frozen=True, slots=True)
class Applied:
    """The change was made, now or before."""

    ref: Ref
    """The resource's place by the server's response, which is not always where it was sent to."""
    version: str = ""
    updated: str = ""
    created: bool = False
    stored: Resource | None = field(default=None, repr=False)
    """What the server says that it stored; None where it does not say."""
    is_placed: bool = field(default=True, compare=False)
    """Whether the response names the place; otherwise it is taken for where it was sent to."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The change was not made, and would be rejected again if it were sent as it is."""

    ref: Ref
    status: int
    """The HTTP status; 0 where nothing was sent."""
    text: str
    """What the server says, for people."""
    conflict: bool = False
    """Whether the server holds another version than expected, or something where nothing was."""
    outcome: Resource | None = field(default=None, repr=False)
    """The server's OperationOutcome, if it sent one."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The change was surely not made, and may be sent again."""

    ref: Ref
    status: int
    retry_after: float = 0.0
    """Seconds that the server asks to wait; 0 where it does not say."""


Outcome = Applied | Rejected | Unavailable


class UnknownOutcomeError(FhirKbError):
    """Whether a change was made is unknown: the response was lost, or makes no sense.

    The caller has to look up what the server holds now.
    """

    retry_after: float
    """Seconds that the server asks to wait; 0 where it does not say."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


_FINAL: Final = frozenset({400, 404, 405, 406, 410, 411, 413, 414, 415, 422, 501})


class ServerError(FhirKbError):
    """The server cannot be reached, or rejects a whole request."""

    status: int
    """The HTTP status that it answered; 0 where none came, or one that is no answer."""

    def __init__(self, message: str, help: str = "", status: int = 0) -> None:  # noqa: A002
        super().__init__(message, help)
        self.status = status

    @property
    def is_refusal(self) -> bool:
        """Whether the server does not do what was asked for; another way may do."""
        return self.status in _FINAL


class NotSupportedError(ServerError):
    """The server does not do what its statement promises; nothing was done, and it is noted.

    There is another way: its capabilities are by now without what it refused.
    """


@dataclass(frozen=True, slots=True)
class ServerCapabilities:
    """What a server can do, by its CapabilityStatement and what is known of its software."""

    base: str
    software: str = ""
    """Name and version."""
    fhir_version: str = ""
    """Such as "4.0.1"."""
    release: str = ""
    """Our name of the FHIR release ("r4"); "" for one that we do not publish."""
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Interactions by resource type ("create", "update", "search-type", "history-type", …); empty
    where the server does not say."""
    search: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names of search parameters by resource type."""
    send_modes: tuple[SendMode, ...] = ("single",)
    """The best one first."""
    versioning: bool = True
    if_match: bool = True
    """Whether an update of a stale version is rejected."""
    if_none_match: str = "if-none-match"
    """The header of a create that must not replace anything: "if-none-match" (`*`), "if-match"
    (`W/"0"`), or "" where there is none."""
    conditional: tuple[str, ...] = ()
    """The conditional interactions that every type has."""
    client_ids: str = "not-numeric"
    """Whether clients may choose ids: "any", "not-numeric" or "no"."""
    checks_references: bool = True
    """Whether a reference to a resource that does not exist is rejected."""
    max_entries: int = 0
    """Of a bundle; 0 where no limit is known."""
    max_bytes: int = 0
    """Of a bundle; 0 where no limit is known."""
    page_size: int = 1000
    """The largest `_count` to ask for."""
    observed: tuple[Observation, ...] = ()
    """What it has shown to be otherwise than its statement says."""


class FhirServer(Protocol):
    """A FHIR server. Every method raises ServerError where there is no usable response.

    Reads are retried inside where that may help; changes never are.
    """

    @property
    def capabilities(self) -> ServerCapabilities:
        """What it can do; requested once."""

    def observe(self, observation: Observation) -> None:
        """Note what the server has just shown: its capabilities are otherwise from now on."""

    def count(self, type_: str, query: Query) -> int:
        """How many resources a search would find."""

    def search(
        self, type_: str, query: Query, *, summary: bool = False
    ) -> Iterator[RemoteResource]:
        """All that a search finds, over all pages, fresh (never from a cache).

        summary: ids, versions, urls only, which costs much less.
        """

    def changed_since(self, type_: str, since: str) -> Iterator[RemoteResource]:
        """What was changed or deleted at or after an instant of the server's clock.

        Each resource comes once, as it is now, whole. Raises ServerError where the server has no
        history of types (`history-type` is not in capabilities.types[type_]).
        """

    def read(
        self, refs: Iterable[Ref], *, include_deleted: bool = False
    ) -> Mapping[Ref, RemoteResource]:
        """The resources at these places; one that does not exist is left out.

        include_deleted: a deleted one is included, if the server says so; that costs a request for
        each that is not found.
        """

    def read_version(self, ref: Ref, version: str) -> RemoteResource | None:
        """An earlier version of a resource; None where the server no longer has it."""

    def send(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """Make the changes.

        A transaction is made as a whole: either every outcome is Applied, or none is; but a create
        with `if_none_exist` that finds something is rejected as a conflict. Within a transaction,
        references to resources whose id the server assigns are resolved by the server.

        Returns:
            The outcomes in the order of the changes.

        Raises:
            UnknownOutcomeError: The changes may have been made.
            NotSupportedError: They surely were not; the server refuses this mode.
            ServerError: They surely were not, and cannot be.
        """
