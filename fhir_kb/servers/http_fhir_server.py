"""A FHIR server over HTTP: https://hl7.org/fhir/http.html.

What real servers do otherwise than the specification says is in `capabilities.py`; how requests and
responses read is in `interactions.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fhir_kb.emit import compact_json
from fhir_kb.net import NetError, origin_of
from fhir_kb.servers.capabilities import capabilities_from_statement, is_same_software
from fhir_kb.servers.interactions import (
    BUSY,
    GONE,
    SENSELESS,
    bundle_outcomes,
    bundle_request,
    conditions,
    create_outcome,
    history_entry,
    next_page,
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
from fhir_kb.servers.responses import Answered, rejection_text, resource_in, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.net import Answer, Session
    from fhir_kb.servers.content import Resource

_JSON: Final = "application/fhir+json"
_LONGEST_URL: Final = 1800
_IDS: Final = 1000
_PAGES: Final = 10_000
_TRIES: Final = 5
_HEADS: Final = "url,version"
_NOT_FOR_US: Final = frozenset({401, 403})
_HEADERS: Final = {
    "ifMatch": "If-Match",
    "ifNoneMatch": "If-None-Match",
    "ifNoneExist": "If-None-Exist",
}
_BAD: Final = 400
"""What servers whose versions are numbers say to what is no number."""


def open_server(
    session: Session, base: str, known: ServerCapabilities | None = None
) -> HttpFhirServer:
    """The server at `base`, over a session of ours. What it can do is asked for at once.

    known: its profile from last time: then only a summary is asked for (a whole statement is
    megabytes), and the profile holds if software and FHIR version are the same. Raises ServerError
    where there is no answer.
    """
    server = HttpFhirServer(session, base.rstrip("/"))
    place = f"{server.base}/metadata"
    if known is not None and known.base == server.base:
        summary = server.get_resource(f"{place}?_summary=true")
        if is_same_software(known, summary):
            server.capabilities = known
            return server
    server.capabilities = capabilities_from_statement(server.base, server.get_resource(place))
    return server


class HttpFhirServer:
    """See `fhir_kb.servers.protocol.HttpFhirServer`. May be used by several threads."""

    capabilities: ServerCapabilities

    def __init__(self, session: Session, base: str) -> None:
        self.session = session
        self.base = base

    # questions

    def get_resource(self, url: str, form: bytes | None = None) -> Resource:
        """The resource that a question is answered with. Raises ServerError."""
        answer, resource = self._asked(url, form)
        if answer.status >= 400 or resource is None:
            raise self._no_answer(_shown(self.base, url), answer)
        return resource

    def _no_answer(self, what: str, answer: Answer) -> ServerError:
        """What to say to people where a question has no answer that can be used."""
        said = rejection_text(answer) if answer.status >= 300 else "what it sends is no FHIR"
        if answer.status in _NOT_FOR_US:
            advice = "Look who may log in there, and what they may do"
        else:
            advice = "Look whether the address is right and a FHIR server is there"
        return ServerError(f"the server does not answer {what}: {said}", advice)

    def _asked(self, url: str, form: bytes | None) -> tuple[Answer, Resource | None]:
        """The answer to a question; one that makes no sense is asked for again."""
        headers = {"Accept": _JSON, "Cache-Control": "no-cache"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer: Answer | None = None
        resource: Resource | None = None
        for number in range(1, _TRIES + 1):
            try:
                answer = self.session.ask(
                    "POST" if form is not None else "GET", url, headers=headers, content=form
                )
            except NetError as error:
                raise ServerError(error.message, error.help or "") from error
            resource = resource_in(answer)
            if answer.status < 500 and (answer.status >= 400 or resource is not None):
                break
            if number < _TRIES:
                self.session.pause(number, answer.headers.get("retry-after", ""))
        assert answer is not None
        return answer, resource

    def count(self, type_: str, query: Query) -> int:
        """See the protocol."""
        bundle = self._searched(type_, {**query, "_summary": "count"})
        total = bundle.get("total")
        if not isinstance(total, int):
            raise ServerError(f"the server does not count {type_} when it is asked to")
        return total

    def search(
        self, type_: str, query: Query, *, summary: bool = False
    ) -> Iterator[RemoteResource]:
        """See the protocol."""
        whole = {**query, "_count": str(self.capabilities.page_size)}
        if summary:
            whole["_elements"] = _HEADS
        first = self._searched(type_, whole)
        found = 0
        for entry in self._pages(first):
            live = search_match(entry, type_, summary=summary)
            if live is not None:
                found += 1
                yield live
        total = first.get("total")
        if isinstance(total, int) and total > found and not next_page(first):
            raise ServerError(
                f"the server says that it has {total} of {type_} but gives {found}",
                "Tell who runs it: it has to give the other pages",
            )

    def _searched(self, type_: str, query: Query) -> Resource:
        form = urlencode(
            [
                (name, value)
                for name, values in query.items()
                for value in ([values] if isinstance(values, str) else values)
            ]
        )
        if len(form) <= _LONGEST_URL:
            return self.get_resource(f"{self.base}/{type_}?{form}")
        return self.get_resource(f"{self.base}/{type_}/_search", form.encode())

    def _pages(self, bundle: Resource) -> Iterator[Resource]:
        """The entries of all pages. Raises ServerError where they lead astray."""
        seen: set[str] = set()
        for _ in range(_PAGES):
            for entry in bundle.get("entry") or ():
                if isinstance(entry, dict):
                    yield entry
            url = next_page(bundle)
            if not url:
                return
            here = self._ours(url)
            if here in seen:
                break
            seen.add(here)
            bundle = self.get_resource(here)
        raise ServerError("the pages of the server's answer lead on and on", "Tell who runs it")

    def _ours(self, url: str) -> str:
        """A page's address at our server: behind a proxy, servers often name themselves wrongly.

        Raises ServerError where it leads to another path.
        """
        try:
            if origin_of(url) == origin_of(self.base):
                return url
        except NetError:
            pass
        parts, own = urlsplit(url), urlsplit(self.base)
        if not parts.path.startswith(own.path.rstrip("/") or "/") or not parts.query:
            raise ServerError(
                "the next page of the server's answer is on another server",
                "Tell who runs it to mend the server's own address",
            )
        return f"{own.scheme}://{own.netloc}{parts.path}?{parts.query}"

    def changed_since(self, type_: str, since: str) -> Iterator[RemoteResource]:
        """See the protocol."""
        query = urlencode({"_since": since, "_count": str(self.capabilities.page_size)})
        latest: dict[Ref, RemoteResource | None] = {}
        for entry in self._pages(self.get_resource(f"{self.base}/{type_}/_history?{query}")):
            found = history_entry(entry, type_)
            if found is not None:
                latest.setdefault(*found)  # the newest comes first
        for ref, live in latest.items():
            whole = live or self._one(ref)  # some servers only say that there is something new
            if whole is not None:
                yield whole

    def read(
        self, refs: Iterable[Ref], *, include_deleted: bool = False
    ) -> Mapping[Ref, RemoteResource]:
        """See the protocol."""
        by_type: dict[str, list[str]] = {}
        for ref in refs:
            by_type.setdefault(ref.type, []).append(ref.id)
        found: dict[Ref, RemoteResource] = {}
        for type_, ids in by_type.items():
            for start in range(0, len(ids), _IDS):
                some = ids[start : start + _IDS]
                if len(some) > 1:
                    for live in self.search(type_, {"_id": ",".join(some)}):
                        found[live.ref] = live
                for name in some if include_deleted or len(some) == 1 else ():
                    ref = Ref(type_, name)
                    one = None if ref in found else self._one(ref)
                    if one is not None:
                        found[ref] = one
        return found

    def _one(self, ref: Ref) -> RemoteResource | None:
        answer, resource = self._asked(f"{self.base}/{ref.type}/{quote(ref.id)}", None)
        if answer.status == 404:
            return None
        if answer.status == 410:
            return RemoteResource(ref, response_version(answer), deleted=True)
        live = remote_resource(resource) if answer.status < 300 else None
        if live is None:
            raise self._no_answer(str(ref), answer)
        return live

    def read_version(self, ref: Ref, version: str) -> RemoteResource | None:
        """See the protocol."""
        place = f"{self.base}/{ref.type}/{ref.id}/_history/{quote(version)}"
        answer, resource = self._asked(place, None)
        if answer.status in GONE or answer.status == _BAD:
            return None
        live = remote_resource(resource) if answer.status < 300 else None
        if live is None:
            raise self._no_answer(f"{ref} in version {version}", answer)
        return live

    # changes

    def send(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """See the protocol."""
        if mode == "single":
            return [self._single(change) for change in changes]
        bundle = bundle_request(changes, mode, self.capabilities)
        answer, resource = self._sent("POST", self.base, bundle, {})
        if answer.status in BUSY:
            wait = retry_after(answer)
            return [Unavailable(change.ref, answer.status, wait) for change in changes]
        return bundle_outcomes(changes, mode, answer.status, resource)

    def _single(self, change: ChangeRequest) -> Outcome:
        headers = {
            _HEADERS[name]: value for name, value in conditions(change, self.capabilities).items()
        }
        if change.if_none_exist is not None:
            return self._posted(change, headers)
        content = change.content or None
        method = "DELETE" if content is None else "PUT"
        answer, resource = self._sent(method, f"{self.base}/{change.ref}", content, headers)
        if answer.status in BUSY:
            return Unavailable(change.ref, answer.status, retry_after(answer))
        if answer.status >= 400 and not (content is None and answer.status in GONE):
            return Answered(answer.status, resource).outcome(change)
        stored = resource if resource and resource.get("resourceType") == change.ref.type else None
        live = remote_resource(stored)
        return Applied(
            change.ref,
            live.version if live else response_version(answer),
            live.updated if live else "",
            created=answer.status == 201,
            stored=stored,
        )

    def _posted(self, change: ChangeRequest, headers: Mapping[str, str]) -> Outcome:
        """A create whose id the server chooses."""
        content = compact_json(without_id(change.resource or {}))
        answer, resource = self._sent("POST", f"{self.base}/{change.ref.type}", content, headers)
        if answer.status in BUSY:
            return Unavailable(change.ref, answer.status, retry_after(answer))
        if answer.status >= _BAD:
            return Answered(answer.status, resource).outcome(change)
        live = remote_resource(resource)
        live = live if live and live.ref.type == change.ref.type else None
        place = live.ref if live else ref_in(change.ref.type, answer.headers.get("location"))
        if there := create_outcome(change, answer.status, place):
            return there
        version = live.version if live else response_version(answer)
        updated = live.updated if live else ""
        stored = live.resource if live else None
        return Applied(place or change.ref, version, updated, created=True, stored=stored)

    def _sent(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Answer, Resource | None]:
        """The response to a change. Raises UnknownOutcomeError."""
        try:
            answer = self.session.ask(
                method,
                url,
                headers={
                    "Accept": _JSON,
                    "Content-Type": _JSON,
                    "Prefer": "return=representation",
                    **headers,
                },
                content=content,
                repeat=False,
            )
        except NetError as error:
            raise UnknownOutcomeError(error.message) from error
        if answer.status in SENSELESS or 300 <= answer.status < 400:
            raise UnknownOutcomeError(f"the server answered {answer.status}", retry_after(answer))
        resource = resource_in(answer)
        if answer.content and resource is None and answer.status not in BUSY:
            raise UnknownOutcomeError("the server's answer is no FHIR")
        return answer, resource


def _shown(base: str, url: str) -> str:
    """What was asked, without the values that were asked for."""
    rest = url.removeprefix(base).lstrip("/")
    path, _, query = rest.partition("?")
    names = ",".join(sorted({name for name, _ in parse_qsl(query)}))
    return f"'{path}'" + (f" ({names})" if names else "")


__all__ = ["HttpFhirServer", "open_server"]
