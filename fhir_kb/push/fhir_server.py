"""A FHIR server over HTTP: https://hl7.org/fhir/http.html.

What real servers do otherwise than the specification says is in `software.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fhir_kb.emit import compact_json
from fhir_kb.net import NetError, origin_of
from fhir_kb.push.answers import Answered, outcome_of, refusal_text, resource_of
from fhir_kb.push.profile import profile_of
from fhir_kb.push.server import (
    Busy,
    Change,
    Done,
    DoubtError,
    Live,
    Outcome,
    Profile,
    Query,
    Ref,
    Refused,
    Resource,
    ServerError,
    Way,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.net import Answer, Session

_JSON: Final = "application/fhir+json"
_LONGEST_URL: Final = 1800
_IDS: Final = 200
_PAGES: Final = 10_000
_TRIES: Final = 5
_SENSELESS: Final = frozenset({500, 502, 504})
_BUSY: Final = frozenset({429, 503})
_HEADS: Final = "url,version"


def open_server(session: Session, base: str) -> Server:
    """The server at `base`, over a session of ours. Its capabilities are asked for at once.

    Raises ServerError where they cannot be had.
    """
    server = Server(session, base.rstrip("/"))
    server.profile = profile_of(server.base, server.get_resource(f"{server.base}/metadata"))
    return server


class Server:
    """See `fhir_kb.push.server.Server`. May be used by several threads."""

    profile: Profile

    def __init__(self, session: Session, base: str) -> None:
        self.session = session
        self.base = base

    # questions

    def get_resource(self, url: str, form: bytes | None = None) -> Resource:
        """The resource that a question is answered with. Raises ServerError."""
        answer = self._asked(url, form)
        resource = resource_of(answer)
        if answer.status >= 400 or resource is None:
            raise ServerError(
                f"the server does not answer {_shown(self.base, url)}: {refusal_text(answer)}",
                "Look whether the address is right and who may log in there",
            )
        return resource

    def _asked(self, url: str, form: bytes | None) -> Answer:
        """The answer to a question; one that makes no sense is asked for again."""
        headers = {"Accept": _JSON, "Cache-Control": "no-cache"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer: Answer | None = None
        for number in range(1, _TRIES + 1):
            try:
                answer = self.session.ask(
                    "POST" if form is not None else "GET", url, headers=headers, content=form
                )
            except NetError as error:
                raise ServerError(error.message, error.help or "") from error
            if answer.status < 500 and (
                answer.status in (404, 410) or resource_of(answer) is not None
            ):
                break
            if number < _TRIES:
                self.session.pause(number, answer.headers.get("retry-after", ""))
        assert answer is not None
        return answer

    def count(self, type_: str, query: Query) -> int:
        """See the protocol."""
        bundle = self._searched(type_, {**query, "_summary": "count"})
        total = bundle.get("total")
        if not isinstance(total, int):
            raise ServerError(f"the server does not count {type_} when it is asked to")
        return total

    def search(self, type_: str, query: Query, *, heads: bool = False) -> Iterator[Live]:
        """See the protocol."""
        whole = {**query, "_count": str(self.profile.page)}
        if heads:
            whole["_elements"] = _HEADS
        for entry in self._pages(self._searched(type_, whole)):
            search = entry.get("search")
            if isinstance(search, dict) and search.get("mode") in ("outcome", "include"):
                continue
            live = live_of(entry.get("resource"), heads=heads)
            if live is not None and live.ref.type == type_:
                yield live

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
            url = _next(bundle)
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

    def changed(self, type_: str, since: str) -> Iterator[Live]:
        """See the protocol."""
        query = urlencode({"_since": since, "_count": str(self.profile.page)})
        latest: dict[Ref, Live] = {}
        for entry in self._pages(self.get_resource(f"{self.base}/{type_}/_history?{query}")):
            live = _of_history(entry, type_)
            if live is not None:
                latest.setdefault(live.ref, live)  # the newest comes first
        yield from latest.values()

    def read(self, refs: Iterable[Ref], *, gone: bool = False) -> Mapping[Ref, Live]:
        """See the protocol."""
        by_type: dict[str, list[str]] = {}
        for ref in refs:
            by_type.setdefault(ref.type, []).append(ref.id)
        found: dict[Ref, Live] = {}
        for type_, ids in by_type.items():
            for start in range(0, len(ids), _IDS):
                some = ids[start : start + _IDS]
                if len(some) > 1:
                    for live in self.search(type_, {"_id": ",".join(some)}):
                        found[live.ref] = live
                for name in some if gone or len(some) == 1 else ():
                    ref = Ref(type_, name)
                    one = None if ref in found else self._one(ref)
                    if one is not None:
                        found[ref] = one
        return found

    def _one(self, ref: Ref) -> Live | None:
        answer = self._asked(f"{self.base}/{ref.type}/{quote(ref.id)}", None)
        if answer.status == 404:
            return None
        if answer.status == 410:
            return Live(ref, _version_of(answer), deleted=True)
        resource = resource_of(answer)
        live = live_of(resource) if answer.status < 300 else None
        if live is None:
            raise ServerError(f"the server does not give {ref}: {refusal_text(answer)}")
        return live

    def version(self, ref: Ref, version: str) -> Live | None:
        """See the protocol."""
        answer = self._asked(f"{self.base}/{ref.type}/{ref.id}/_history/{quote(version)}", None)
        return live_of(resource_of(answer)) if answer.status < 300 else None

    # changes

    def send(self, changes: Sequence[Change], way: Way) -> Sequence[Outcome]:
        """See the protocol."""
        if way == "single":
            return [self._single(change) for change in changes]
        bundle = {
            "resourceType": "Bundle",
            "type": way,
            "entry": [self._entry(change) for change in changes],
        }
        answer = self._sent("POST", self.base, compact_json(bundle), {})
        if answer.status in _BUSY:
            wait = _wait(answer)
            return [Busy(change.ref, answer.status, wait) for change in changes]
        resource = resource_of(answer)
        if answer.status >= 400:
            refused = Answered(answer.status, resource)
            return [refused.outcome(change) for change in changes]
        entries = (resource or {}).get("entry")
        if not isinstance(entries, list) or len(entries) != len(changes):
            raise DoubtError("the server's answer does not say what became of each change")
        return [_outcome(change, one) for change, one in zip(changes, entries, strict=True)]

    def _entry(self, change: Change) -> Resource:
        method = "DELETE" if change.action == "delete" else "PUT"
        request = {"method": method, "url": str(change.ref), **self._conditions(change)}
        entry: Resource = {"request": request}
        if change.resource is not None:
            entry = {
                "fullUrl": f"{self.base}/{change.ref}",
                "resource": change.resource,
                "request": request,
            }
        return entry

    def _conditions(self, change: Change) -> dict[str, str]:
        """What keeps a change from being made to something else than was planned."""
        if change.action == "create" and not change.expected:
            guard = self.profile.if_none_match
            if guard == "if-none-match":
                return {"ifNoneMatch": "*"}
            return {"ifMatch": 'W/"0"'} if guard == "if-match" else {}
        if change.expected and self.profile.if_match:
            return {"ifMatch": f'W/"{change.expected}"'}
        return {}

    def _single(self, change: Change) -> Outcome:
        headers = {
            {"ifMatch": "If-Match", "ifNoneMatch": "If-None-Match"}[name]: value
            for name, value in self._conditions(change).items()
        }
        content = compact_json(change.resource) if change.resource is not None else None
        method = "DELETE" if content is None else "PUT"
        answer = self._sent(method, f"{self.base}/{change.ref}", content, headers)
        if answer.status in _BUSY:
            return Busy(change.ref, answer.status, _wait(answer))
        resource = resource_of(answer)
        if answer.status >= 400 and not (content is None and answer.status in (404, 410)):
            return Answered(answer.status, resource).outcome(change)
        stored = resource if resource and resource.get("resourceType") == change.ref.type else None
        live = live_of(stored)
        return Done(
            change.ref,
            live.version if live else _version_of(answer),
            live.updated if live else "",
            created=answer.status == 201,
            stored=stored,
        )

    def _sent(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """The answer to a change. Raises DoubtError where nobody knows what became of it."""
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
            raise DoubtError(error.message) from error
        if answer.status in _SENSELESS:
            raise DoubtError(f"the server answered {answer.status}", _wait(answer))
        if answer.content and resource_of(answer) is None and answer.status not in _BUSY:
            raise DoubtError("the server's answer is no FHIR")
        return answer


def live_of(resource: object, *, heads: bool = False) -> Live | None:
    """What stands at a place, from the resource; None where it is none."""
    if not isinstance(resource, dict):
        return None
    kind, name = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return Live(
        Ref(kind, name),
        str(meta.get("versionId") or ""),
        str(meta.get("lastUpdated") or ""),
        str(resource.get("url") or ""),
        str(resource.get("version") or ""),
        resource=None if heads else resource,
    )


def _of_history(entry: Mapping[str, Any], type_: str) -> Live | None:
    live = live_of(entry.get("resource"))
    request, response = entry.get("request"), entry.get("response")
    if live is not None or not isinstance(request, dict) or request.get("method") != "DELETE":
        return live
    parts = str(request.get("url") or entry.get("fullUrl") or "").split("/")
    name = parts[parts.index(type_) + 1] if type_ in parts[:-1] else parts[-1]
    said = response if isinstance(response, dict) else {}
    updated = str(said.get("lastModified") or "")
    return Live(Ref(type_, name.partition("?")[0]), etag(said.get("etag")), updated, deleted=True)


def _outcome(change: Change, entry: object) -> Outcome:
    """What became of one entry of a batch or transaction."""
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(response, dict):
        raise DoubtError("the server's answer does not say what became of each change")
    status = int(str(response.get("status") or "0")[:3].strip() or 0)
    resource = entry.get("resource")
    outcome = response.get("outcome")
    if status in _BUSY:
        return Busy(change.ref, status)
    if status in _SENSELESS:
        raise DoubtError(f"the server answered {status} for {change.ref}")
    if status >= 400 and not (change.action == "delete" and status in (404, 410)):
        return Answered(status, outcome_of(outcome, resource)).outcome(change)
    stored = resource if isinstance(resource, dict) and resource.get("id") else None
    if stored is not None and stored.get("resourceType") != change.ref.type:
        stored = None
    live = live_of(stored)
    return Done(
        change.ref,
        live.version if live and live.version else etag(response.get("etag")),
        live.updated if live and live.updated else str(response.get("lastModified") or ""),
        created=status == 201,
        stored=stored,
    )


def etag(value: object) -> str:
    """The version that an ETag names; HAPI writes `1`, others `W/"1"`."""
    return str(value or "").removeprefix("W/").strip('"')


def _version_of(answer: Answer) -> str:
    found = etag(answer.headers.get("etag"))
    if found:
        return found
    location = answer.headers.get("content-location") or answer.headers.get("location") or ""
    _, mark, version = location.partition("/_history/")
    return version if mark else ""


def _wait(answer: Answer) -> float:
    from fhir_kb.net.session import seconds_of

    return seconds_of(answer.headers.get("retry-after", ""))


def _next(bundle: Resource) -> str:
    for link in bundle.get("link") or ():
        if isinstance(link, dict) and link.get("relation") == "next":
            return str(link.get("url") or "")
    return ""


def _shown(base: str, url: str) -> str:
    """What was asked, without the values that were asked for."""
    rest = url.removeprefix(base).lstrip("/")
    path, _, query = rest.partition("?")
    names = ",".join(sorted({name for name, _ in parse_qsl(query)}))
    return f"'{path}'" + (f" ({names})" if names else "")


__all__ = ["Refused", "Server", "etag", "live_of", "open_server"]
