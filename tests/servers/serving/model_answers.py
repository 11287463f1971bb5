"""What the model server answers: from a request to a status, headers and a resource."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from model_bundles import Bundles
from model_search import matches, subset, unknown
from model_store import RefusedError, Resource, Store, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temper import Temper

Query = list[tuple[str, str]]


@dataclass
class Answer:
    """body: a resource; None for nothing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Answers:
    """See the module."""

    def __init__(self, store: Store, base: str) -> None:
        self.store = store
        self.base = base
        self._root = urlsplit(base).path
        self._bundles = Bundles(store)
        self._pages: dict[str, tuple[str, list[Resource], int | None]] = {}
        self._cache: dict[tuple[str, bytes], tuple[float, Answer]] = {}

    @property
    def _temper(self) -> Temper:
        return self.store.temper

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises RefusedError for what is answered with an OperationOutcome."""
        parts = urlsplit(path)
        words = [unquote(word) for word in parts.path.removeprefix(self._root).split("/") if word]
        query = parse_qsl(parts.query, keep_blank_values=True)
        if words[-1:] == ["_search"] and method == "POST":
            words, query = words[:-1], query + parse_qsl(body.decode())
            method = "GET"
        elif method in ("POST", "PUT"):
            with self.store.lock:
                self.store.tick()
                return self._written(method, words, headers, _parsed(body))
        if method == "DELETE":
            with self.store.lock:
                self.store.tick()
                return self._deleted(words, headers)
        key = (path, body)
        fresh = "no-cache" in headers.get("cache-control", "")
        if self._temper.cache and not fresh and len(words) == 1 and key in self._cache:
            then, answer = self._cache[key]
            if time.monotonic() - then < self._temper.cache:
                return answer
        with self.store.lock:
            answer = self._asked(words, query, headers)
        if len(words) == 1:
            self._cache[key] = (time.monotonic(), answer)
        return answer

    # questions

    def _asked(self, words: list[str], query: Query, headers: Mapping[str, str]) -> Answer:
        match words:
            case []:
                return self._page(dict(query))
            case ["metadata"]:
                return Answer(200, self._statement())
            case [type_] if type_ in self._temper.types:
                return self._search(type_, query)
            case [type_, "_history"] if type_ in self._temper.types and self._temper.type_history:
                return self._history(type_, "", query)
            case [type_, name]:
                return self._read(type_, name, headers)
            case [type_, name, "_history"]:
                return self._history(type_, name, query)
            case [type_, name, "_history", version]:
                for one in self.store.history.get((type_, name), ()):
                    if one.version == version:
                        return self._found(one)
        raise RefusedError(404, f"Nothing is known about '{'/'.join(words)}'")

    def _read(self, type_: str, name: str, headers: Mapping[str, str]) -> Answer:
        there = self.store.now((type_, name))
        if there is None:
            raise RefusedError(404, f"Resource {type_}/{name} is not known")
        if headers.get("if-none-match") == f'W/"{there.version}"':
            return Answer(304, None, self._headers(there))
        return self._found(there)

    def _found(self, one: Version) -> Answer:
        if one.resource is None:
            gone = RefusedError(410, f"Resource {'/'.join(one.key)} was deleted")
            return Answer(410, gone.outcome(), self._headers(one))
        return Answer(200, one.resource, self._headers(one))

    def _headers(self, one: Version) -> dict[str, str]:
        when = datetime.fromisoformat(one.updated)
        return {"ETag": f'W/"{one.version}"', "Last-Modified": format_datetime(when, usegmt=True)}

    def _search(self, type_: str, query: Query) -> Answer:
        strange = unknown(query)
        if strange:
            raise RefusedError(400, f"Unknown search parameter '{strange[0]}' for {type_}")
        asked = dict(query)
        found = [one for one in self.store.live(type_) if matches(one, query)]
        if asked.get("_summary") == "count":
            return Answer(200, {"resourceType": "Bundle", "type": "searchset", "total": len(found)})
        elements = "url,version,status" if asked.get("_summary") == "true" else ""
        elements = asked.get("_elements", elements)
        entries = [
            {
                "fullUrl": f"{self.base}/{type_}/{one.key[1]}",
                "resource": subset(one.resource or {}, elements),
                "search": {"mode": "match"},
            }
            for one in found
        ]
        return self._paged("searchset", type_, entries, query)

    def _history(self, type_: str, name: str, query: Query) -> Answer:
        if name and (type_, name) not in self.store.history:
            raise RefusedError(404, f"Resource {type_}/{name} is not known")
        since = dict(query).get("_since")
        start = datetime.fromisoformat(since) if since else None
        found = [
            (one, number)
            for key, versions in self.store.history.items()
            if key[0] == type_ and name in ("", key[1])
            for number, one in enumerate(versions)
            if start is None or datetime.fromisoformat(one.updated) >= start
        ]
        found.sort(key=lambda pair: (pair[0].updated, pair[1]), reverse=True)
        path = f"{type_}/{name}/_history" if name else f"{type_}/_history"
        entries = [self._of_history(one, number) for one, number in found]
        return self._paged("history", path, entries, query)

    def _of_history(self, one: Version, number: int) -> Resource:
        place = "/".join(one.key)
        status = "201 Created" if number == 0 else "200 OK"
        entry: Resource = {"fullUrl": f"{self.base}/{place}"}
        if one.resource is not None:
            entry["resource"] = one.resource
        entry["request"] = {"method": one.method, "url": place}
        entry["response"] = {"status": status, "etag": f'W/"{one.version}"'}
        if self._temper.dates_history:
            entry["response"]["lastModified"] = one.updated
        else:  # a server that does not, and names the version instead
            entry["request"]["url"] = f"{place}/_history/{one.version}"
        return entry

    # pages

    def _paged(self, type_: str, path: str, entries: list[Resource], query: Query) -> Answer:
        temper = self._temper
        asked = dict(query)
        wished = int(asked.get("_count") or temper.page)
        size = min(wished or temper.page, temper.max_page)
        total = len(entries) if temper.totals or len(entries) <= size else None
        start = int(asked.get("_offset") or 0)
        if temper.pages == "token":
            token = str(uuid.uuid4())
            self._pages[token] = (type_, entries, total)
            return self._token_page(token, 0, size)
        bundle = _bundle(type_, entries[start : start + size], total)
        if start + size < len(entries):
            others = [(name, value) for name, value in query if name != "_offset"]
            rest = urlencode([*others, ("_offset", str(start + size))])
            bundle["link"].append({"relation": "next", "url": f"{self.base}/{path}?{rest}"})
        return Answer(200, bundle)

    def _page(self, asked: dict[str, str]) -> Answer:
        token = asked.get("_getpages", "")
        if token not in self._pages:
            raise RefusedError(410, f"The search '{token}' is not known any more")
        return self._token_page(token, int(asked["_getpagesoffset"]), int(asked["_count"]))

    def _token_page(self, token: str, start: int, size: int) -> Answer:
        type_, entries, total = self._pages[token]
        bundle = _bundle(type_, entries[start : start + size], total)
        if start + size < len(entries):
            url = (
                f"{self.base}?_getpages={token}&_getpagesoffset={start + size}&_count={size}"
                f"&_bundletype={type_}"
            )
            bundle["link"].append({"relation": "next", "url": url})
        return Answer(200, bundle)

    # changes

    def _written(
        self, method: str, words: list[str], headers: Mapping[str, str], body: Resource
    ) -> Answer:
        wants_back = "representation" in headers.get("prefer", "") and self._temper.represents
        match method, words:
            case "POST", []:
                return Answer(200, self._bundles.done(body, wants_back=wants_back))
            case "POST", [type_] if type_ in self._temper.types:
                made = self.store.post(type_, body, headers.get("if-none-exist", ""))
            case "PUT", [type_, name]:
                made = self.store.put(
                    (type_, name),
                    body,
                    match=headers.get("if-match", ""),
                    none_match=headers.get("if-none-match", ""),
                )
            case _:
                raise RefusedError(404, f"Nothing can be written to '{'/'.join(words)}'")
        status, one = made
        place = f"{self.base}/{'/'.join(one.key)}/_history/{one.version}"
        back = {"Location": place} if method == "POST" else {"Content-Location": place}
        return Answer(status, one.resource if wants_back else None, {**self._headers(one), **back})

    def _deleted(self, words: list[str], headers: Mapping[str, str]) -> Answer:
        if len(words) != 2:
            raise RefusedError(400, "Only single resources can be deleted")
        status, one = self.store.delete((words[0], words[1]), headers.get("if-match", ""))
        if status == 404:
            raise RefusedError(404, f"Resource {'/'.join(words)} is not known")
        said = {"severity": "information", "code": "informational", "diagnostics": "deleted"}
        outcome = {"resourceType": "OperationOutcome", "issue": [said]}
        return Answer(status, outcome, self._headers(one) if one is not None else {})

    # what it says of itself

    def _statement(self) -> Resource:
        temper = self._temper
        names = ["read", "vread", "update", "create", "delete", "search-type", "history-instance"]
        names += ["history-type"] if temper.type_history else []
        ways = ["transaction"] if temper.transactions else []
        ways += ["batch"] if temper.batches and temper.says_batch else []
        resource = {
            "interaction": [{"code": name} for name in names],
            "versioning": "versioned-update",
            "conditionalCreate": True,
            "updateCreate": temper.ids != "no",
            "searchParam": [
                {"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"},
                {"name": "url", "type": "uri"}, {"name": "version", "type": "token"},
                {"name": "identifier", "type": "token"}, {"name": "status", "type": "token"},
            ],
        }  # fmt: skip
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-01-01",
            "kind": "instance",
            "software": {"name": temper.software, "version": "1"},
            "implementation": {"description": "in memory", "url": self.base},
            "fhirVersion": temper.fhir_version,
            "format": ["json"],
            "rest": [
                {
                    "mode": "server",
                    "resource": [{"type": type_, **resource} for type_ in temper.types],
                    "interaction": [{"code": way} for way in ways],
                }
            ],
        }


def _bundle(type_: str, entries: list[Resource], total: int | None) -> Resource:
    bundle: Resource = {"resourceType": "Bundle", "type": type_, "link": [], "entry": entries}
    return bundle if total is None else {**bundle, "total": total}


def _parsed(body: bytes) -> Resource:
    try:
        found = json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise RefusedError(400, f"This is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "This is no resource")
    return found
