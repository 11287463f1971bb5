"""Reading from a FHIR server over HTTP: https://hl7.org/fhir/http.html, and its searches.

Where a server refuses what its statement promises, the other way that exists is taken, and what it
has shown is noted in its capabilities.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from fhir_kb.servers.base_url import BaseUrl
from fhir_kb.servers.capabilities import with_observation
from fhir_kb.servers.fhir_reader import FhirReader
from fhir_kb.servers.interactions import (
    GONE,
    history_entry,
    remote_resource,
    search_match,
)
from fhir_kb.servers.json_values import count_in
from fhir_kb.servers.links import MISBEHAVES, next_page, response_version
from fhir_kb.servers.protocol import (
    NotSupportedError,
    Query,
    Ref,
    RemoteResource,
    ServerError,
)
from fhir_kb.servers.responses import NOT_IMPLEMENTED, unusable
from fhir_kb.servers.search_requests import MAX_URL, OPTIONAL, form_of, parts_of, search_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhir_kb.net import Session
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import Observation, ServerCapabilities

_MAX_IDS: Final = 1000
_MAX_PAGES: Final = 10_000
_FORBIDDEN: Final = 403
_NO_VERSION: Final = frozenset({*GONE, 400, 405, NOT_IMPLEMENTED})
"""400: of servers whose versions are numbers, for what is no number."""
_LOG: Final = logging.getLogger(__name__)


class HttpReads:
    """The reading half of a `FhirServer`. May be used by several threads."""

    capabilities: ServerCapabilities

    def __init__(self, session: Session, base: str) -> None:
        self.session = session
        self.address = BaseUrl(base)
        self.base = self.address.root
        self._reader = FhirReader(session, self.address)

    def observe(self, observation: Observation) -> None:
        """See the protocol."""
        if observation not in self.capabilities.observed:
            _LOG.info("%s: noted, contrary to what it says: %s", self.base, observation)
            self.capabilities = with_observation(self.capabilities, observation)

    def get_resource(self, url: str, form: bytes | None = None) -> Resource:
        """The resource at `url`. Raises ServerError."""
        return self._reader.resource(url, form)

    def _get_bundle(self, url: str, form: bytes | None = None) -> Resource:
        """The Bundle at `url`. Raises ServerError, also for one whose entries are none."""
        bundle = self.get_resource(url, form)
        entries = bundle.get("entry", [])
        if bundle["resourceType"] != "Bundle":
            raise ServerError(
                f"GET {url.partition('?')[0]}: the response is a {bundle['resourceType']}, not a "
                "Bundle",
                MISBEHAVES,
            )
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ServerError(
                f"GET {url.partition('?')[0]}: Bundle.entry is not a list of entries", MISBEHAVES
            )
        return bundle

    def count(self, type_: str, query: Query) -> int:
        """See the protocol."""
        if "no-summary-count" not in self.capabilities.observed:
            try:
                bundle = self._page(type_, {**query, "_summary": "count"})
            except ServerError as error:
                if not error.is_refusal:
                    raise
            else:
                if (total := count_in(bundle.get("total"))) is not None:
                    return total
        count = sum(1 for _ in self.search(type_, query, summary=True))
        self.observe("no-summary-count")
        return count

    def search(
        self, type_: str, query: Query, *, summary: bool = False
    ) -> Iterator[RemoteResource]:
        """See the protocol."""
        if len(form_of(query)) <= MAX_URL:
            yield from self._search(type_, query, summary=summary)
            return
        if "no-post-search" not in self.capabilities.observed:
            try:
                first = self._first_page(type_, query, summary=summary)
            except ServerError as error:
                if not error.is_refusal:
                    raise
            else:
                yield from self._matches(type_, first, summary=summary)
                return
        known: set[Ref] = set()
        for part in parts_of(query):
            for match in self._search(type_, part, summary=summary):
                if match.ref not in known:
                    known.add(match.ref)
                    yield match
        self.observe("no-post-search")

    def _search(self, type_: str, query: Query, *, summary: bool) -> Iterator[RemoteResource]:
        first = self._first_page(type_, query, summary=summary)
        yield from self._matches(type_, first, summary=summary)

    def _first_page(self, type_: str, query: Query, *, summary: bool) -> Resource:
        """The first page; parameters that only make it cheaper are left out where refused."""
        parameters = search_query(query, self.capabilities, summary=summary)
        try:
            return self._page(type_, parameters)
        except ServerError as error:
            if not error.is_refusal:
                raise
            for name in OPTIONAL:
                if name not in parameters:
                    continue
                parameters = {key: value for key, value in parameters.items() if key != name}
                try:
                    page = self._page(type_, parameters)
                except ServerError:
                    continue
                self.observe(OPTIONAL[name])
                return page
            raise

    def _matches(self, type_: str, first: Resource, *, summary: bool) -> Iterator[RemoteResource]:
        matches = 0
        for entry in self._entries(first):
            match = search_match(entry, type_, summary=summary)
            if match is not None:
                matches += 1
                yield match
        total = count_in(first.get("total"))
        if total is not None and total > matches and not next_page(first):
            raise ServerError(
                f"GET {self.base}/{type_}: Bundle.total is {total}, but only {matches} came and "
                "there is no link to a next page",
                "Ask the operator of the server: it has to give the other pages",
            )

    def _page(self, type_: str, query: Query) -> Resource:
        form = form_of(query)
        if len(form) <= MAX_URL or "no-post-search" in self.capabilities.observed:
            return self._get_bundle(self.address.below(type_, query=form))
        return self._get_bundle(self.address.below(type_, "_search"), form.encode())

    def _entries(self, bundle: Resource) -> Iterator[Resource]:
        """The entries of all pages. Raises ServerError where there is no end of pages."""
        visited: set[str] = set()
        for _ in range(_MAX_PAGES):
            yield from bundle.get("entry", ())
            link = next_page(bundle)
            if not link:
                return
            url = self.address.page(link)
            if url in visited:
                break
            visited.add(url)
            bundle = self._get_bundle(url)
        raise ServerError(
            f"{self.base}: too many pages: the links to the next page have no end",
            "Ask the operator of the server",
        )

    def changed_since(self, type_: str, since: str) -> Iterator[RemoteResource]:
        """See the protocol."""
        query = urlencode({"_since": since, "_count": str(self.capabilities.page_size)})
        try:
            first = self._get_bundle(self.address.below(type_, "_history", query=query))
        except ServerError as error:
            if not error.is_refusal and error.status != _FORBIDDEN:
                raise
            self.observe("no-history")
            raise NotSupportedError(error.message, error.help, error.status) from error
        latest: dict[Ref, RemoteResource | None] = {}
        for entry in self._entries(first):
            change = history_entry(entry, type_)
            if change is not None:
                latest.setdefault(*change)  # the newest comes first
        for ref, remote in latest.items():
            current = remote or self._read_one(ref)  # some servers only say that it has changed
            if current is not None:
                yield current

    def read(
        self, refs: Iterable[Ref], *, include_deleted: bool = False
    ) -> Mapping[Ref, RemoteResource]:
        """See the protocol."""
        by_type: dict[str, list[str]] = {}
        for ref in refs:
            by_type.setdefault(ref.type, []).append(ref.id)
        remotes: dict[Ref, RemoteResource] = {}
        for type_, ids in by_type.items():
            for start in range(0, len(ids), _MAX_IDS):
                batch = ids[start : start + _MAX_IDS]
                searched = len(batch) > 1 and self._read_by_search(type_, batch, remotes)
                for id_ in batch if include_deleted or not searched else ():
                    ref = Ref(type_, id_)
                    single = None if ref in remotes else self._read_one(ref)
                    if single is not None:
                        remotes[ref] = single
        return remotes

    def _read_by_search(
        self, type_: str, ids: list[str], remotes: dict[Ref, RemoteResource]
    ) -> bool:
        """Fill in resources by a search of their ids; False where the server refuses that."""
        try:
            for remote in self.search(type_, {"_id": ",".join(ids)}):
                remotes[remote.ref] = remote
        except ServerError as error:
            if not error.is_refusal:
                raise
            return False
        return True

    def _read_one(self, ref: Ref) -> RemoteResource | None:
        url = self.address.below(*ref)
        response, resource = self._reader.read(url)
        if response.status in GONE and response.is_html:  # a proxy's word, not the server's
            raise unusable(response, url)
        if response.status == 404:
            return None
        if response.status == 410:
            return RemoteResource(ref, response_version(response), deleted=True)
        remote = remote_resource(resource) if response.status < 300 else None
        if remote is None:
            raise unusable(response, url)
        if remote.ref != ref:
            raise ServerError(f"GET {url}: the response is {remote.ref}", MISBEHAVES)
        return remote

    def read_version(self, ref: Ref, version: str) -> RemoteResource | None:
        """See the protocol."""
        url = self.address.below(*ref, "_history", version)
        response, resource = self._reader.read(url)
        if response.status in _NO_VERSION:
            return None
        remote = remote_resource(resource) if response.status < 300 else None
        if remote is None:
            raise unusable(response, url)
        return remote
