"""A FHIR server over HTTP: https://hl7.org/fhir/http.html.

What real servers do otherwise than the specification says is in `capabilities.py`; how requests and
responses read is in `interactions.py`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from fhir_kb.emit import compact_json
from fhir_kb.net import NetError
from fhir_kb.servers.capabilities import capabilities_from_statement, is_same_software
from fhir_kb.servers.interactions import (
    BUSY,
    GONE,
    UNCLEAR,
    bundle_outcomes,
    bundle_request,
    conditions,
    create_outcome,
    history_entry,
    next_page,
    own_url,
    ref_in,
    remote_resource,
    response_version,
    search_match,
    without_id,
)
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    Outcome,
    Query,
    Ref,
    RemoteResource,
    SendMode,
    ServerCapabilities,
    ServerError,
    Unavailable,
    UnknownOutcomeError,
)
from fhir_kb.servers.responses import (
    NOT_IMPLEMENTED,
    rejected,
    resource_in,
    response_text,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.net import Response, Session
    from fhir_kb.servers.content import Resource

_JSON: Final = "application/fhir+json"
_MAX_URL: Final = 1800
_MAX_IDS: Final = 1000
_MAX_PAGES: Final = 10_000
_SUMMARY_ELEMENTS: Final = "url,version"
_CONDITION_HEADERS: Final = {
    "ifMatch": "If-Match",
    "ifNoneMatch": "If-None-Match",
    "ifNoneExist": "If-None-Exist",
}
_BAD: Final = 400
"""The status of servers whose versions are numbers for what is no number."""
_LOG: Final = logging.getLogger(__name__)


def open_server(
    session: Session, base: str, cached: ServerCapabilities | None = None
) -> HttpFhirServer:
    """The server at `base`. Its capabilities are requested at once.

    Args:
        session: With the login that the server requires.
        base: The base URL.
        cached: The capabilities of last time. Then only a summary is requested (all of it is
            megabytes), and they hold if software and FHIR version are the same.

    Raises:
        ServerError: There is no usable response.
    """
    server = HttpFhirServer(session, base.rstrip("/"))
    metadata = f"{server.base}/metadata"
    if cached is not None and cached.base == server.base:
        summary = server.get_resource(f"{metadata}?_summary=true")
        if is_same_software(cached, summary):
            server.capabilities = cached
            return server
    statement = server.get_resource(metadata)
    server.capabilities = capabilities_from_statement(server.base, statement)
    _LOG.info(
        "%s: FHIR %s, %s",
        server.base, server.capabilities.fhir_version, server.capabilities.software,
    )  # fmt: skip
    return server


class HttpFhirServer:
    """See `FhirServer`. May be used by several threads."""

    capabilities: ServerCapabilities

    def __init__(self, session: Session, base: str) -> None:
        self.session = session
        self.base = base

    # reads

    def get_resource(self, url: str, form: bytes | None = None) -> Resource:
        """The resource at `url`. Raises ServerError."""
        response, resource = self._read(url, form)
        if response.status >= 400 or resource is None:
            raise unusable(response, url)
        return resource

    def _read(self, url: str, form: bytes | None = None) -> tuple[Response, Resource | None]:
        """The response to a read; one that makes no sense is requested again."""
        headers = {"Accept": _JSON, "Cache-Control": "no-cache"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        resource: Resource | None = None

        def problem(response: Response) -> str:
            nonlocal resource
            resource = resource_in(response)
            if response.status >= 500 and response.status != NOT_IMPLEMENTED:
                return f"the server failed (HTTP {response.status})"
            is_readable = resource is not None or response.status >= 400
            return "" if is_readable else f"HTTP {response.status} without FHIR"

        method = "GET" if form is None else "POST"
        try:
            response = self.session.request(
                method, url, headers=headers, content=form, retry_if=problem
            )
        except NetError as error:
            raise ServerError(error.message, error.help) from error
        return response, resource if resource is not None else resource_in(response)

    def count(self, type_: str, query: Query) -> int:
        """See the protocol."""
        bundle = self._search_page(type_, {**query, "_summary": "count"})
        total = bundle.get("total")
        if not isinstance(total, int):
            raise ServerError(
                f"GET {self.base}/{type_}?_summary=count: the response has no Bundle.total",
                "The server has to support _summary=count",
            )
        return total

    def search(
        self, type_: str, query: Query, *, summary: bool = False
    ) -> Iterator[RemoteResource]:
        """See the protocol."""
        parameters = {**query, "_count": str(self.capabilities.page_size)}
        if summary:
            parameters["_elements"] = _SUMMARY_ELEMENTS
        first = self._search_page(type_, parameters)
        matches = 0
        for entry in self._entries(first):
            match = search_match(entry, type_, summary=summary)
            if match is not None:
                matches += 1
                yield match
        total = first.get("total")
        if isinstance(total, int) and total > matches and not next_page(first):
            raise ServerError(
                f"GET {self.base}/{type_}: Bundle.total is {total}, but only {matches} came and "
                "there is no link to a next page",
                "Ask the operator of the server: it has to give the other pages",
            )

    def _search_page(self, type_: str, query: Query) -> Resource:
        form = urlencode(
            [
                (name, value)
                for name, values in query.items()
                for value in ([values] if isinstance(values, str) else values)
            ]
        )
        if len(form) <= _MAX_URL:
            return self.get_resource(f"{self.base}/{type_}?{form}")
        return self.get_resource(f"{self.base}/{type_}/_search", form.encode())

    def _entries(self, bundle: Resource) -> Iterator[Resource]:
        """The entries of all pages. Raises ServerError where there is no end of pages."""
        visited: set[str] = set()
        for _ in range(_MAX_PAGES):
            for entry in bundle.get("entry") or ():
                if isinstance(entry, dict):
                    yield entry
            link = next_page(bundle)
            if not link:
                return
            url = own_url(link, self.base)
            if url in visited:
                break
            visited.add(url)
            bundle = self.get_resource(url)
        raise ServerError(
            f"{self.base}: too many pages: the links to the next page have no end",
            "Ask the operator of the server",
        )

    def changed_since(self, type_: str, since: str) -> Iterator[RemoteResource]:
        """See the protocol."""
        query = urlencode({"_since": since, "_count": str(self.capabilities.page_size)})
        latest: dict[Ref, RemoteResource | None] = {}
        for entry in self._entries(self.get_resource(f"{self.base}/{type_}/_history?{query}")):
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
                if len(batch) > 1:
                    for remote in self.search(type_, {"_id": ",".join(batch)}):
                        remotes[remote.ref] = remote
                for id_ in batch if include_deleted or len(batch) == 1 else ():
                    ref = Ref(type_, id_)
                    single = None if ref in remotes else self._read_one(ref)
                    if single is not None:
                        remotes[ref] = single
        return remotes

    def _read_one(self, ref: Ref) -> RemoteResource | None:
        url = f"{self.base}/{ref.type}/{quote(ref.id)}"
        response, resource = self._read(url)
        if response.status == 404:
            return None
        if response.status == 410:
            return RemoteResource(ref, response_version(response), deleted=True)
        remote = remote_resource(resource) if response.status < 300 else None
        if remote is None:
            raise unusable(response, url)
        return remote

    def read_version(self, ref: Ref, version: str) -> RemoteResource | None:
        """See the protocol."""
        url = f"{self.base}/{ref.type}/{ref.id}/_history/{quote(version)}"
        response, resource = self._read(url)
        if response.status in GONE or response.status == _BAD:
            return None
        remote = remote_resource(resource) if response.status < 300 else None
        if remote is None:
            raise unusable(response, url)
        return remote

    # changes

    def send(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """See the protocol."""
        if mode == "single":
            return [self._send_single(change) for change in changes]
        bundle = bundle_request(changes, mode, self.capabilities)
        response, resource = self._send("POST", self.base, bundle, {})
        if response.status in BUSY:
            wait = response.retry_after
            return [Unavailable(change.ref, response.status, wait) for change in changes]
        return bundle_outcomes(changes, mode, response.status, resource)

    def _send_single(self, change: ChangeRequest) -> Outcome:
        headers = {
            _CONDITION_HEADERS[name]: value
            for name, value in conditions(change, self.capabilities).items()
        }
        if change.if_none_exist is not None:
            return self._create(change, headers)
        content = change.content or None
        method = "DELETE" if content is None else "PUT"
        response, resource = self._send(method, f"{self.base}/{change.ref}", content, headers)
        if response.status in BUSY:
            return Unavailable(change.ref, response.status, response.retry_after)
        if response.status >= 400 and not (content is None and response.status in GONE):
            return rejected(change, response.status, resource)
        stored = resource if resource and resource.get("resourceType") == change.ref.type else None
        remote = remote_resource(stored)
        return Applied(
            change.ref,
            remote.version if remote else response_version(response),
            remote.updated if remote else "",
            created=response.status == 201,
            stored=stored,
        )

    def _create(self, change: ChangeRequest, headers: Mapping[str, str]) -> Outcome:
        """A create whose id the server assigns."""
        content = compact_json(without_id(change.resource or {}))
        url = f"{self.base}/{change.ref.type}"
        response, resource = self._send("POST", url, content, headers)
        if response.status in BUSY:
            return Unavailable(change.ref, response.status, response.retry_after)
        if response.status >= _BAD:
            return rejected(change, response.status, resource)
        remote = remote_resource(resource)
        remote = remote if remote and remote.ref.type == change.ref.type else None
        ref = remote.ref if remote else ref_in(change.ref.type, response.headers.get("location"))
        if exists := create_outcome(change, response.status, ref):
            return exists
        version = remote.version if remote else response_version(response)
        updated = remote.updated if remote else ""
        stored = remote.resource if remote else None
        return Applied(ref or change.ref, version, updated, created=True, stored=stored)

    def _send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Response, Resource | None]:
        """The response to a change. Raises UnknownOutcomeError."""
        try:
            response = self.session.request(
                method,
                url,
                headers={
                    "Accept": _JSON,
                    "Content-Type": _JSON,
                    "Prefer": "return=representation",
                    **headers,
                },
                content=content,
                retry=False,
            )
        except NetError as error:
            raise UnknownOutcomeError(error.message) from error
        if response.status in UNCLEAR or 300 <= response.status < 400:
            raise UnknownOutcomeError(response_text(response, url), response.retry_after)
        resource = resource_in(response)
        if response.content and resource is None and response.status not in BUSY:
            raise UnknownOutcomeError(response_text(response, url))
        return response, resource
