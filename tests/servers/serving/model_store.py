"""Resources in memory with all their versions, and the rules by which a server changes them."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from model_search import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temper import Temper

Resource = dict[str, Any]
Key = tuple[str, str]
START = datetime(2026, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True)
class Version:
    """One version of a resource; resource: None where this is that it was deleted."""

    key: Key
    version: str
    updated: str
    resource: Resource | None
    method: str


class RefusedError(Exception):
    """The server says no."""

    def __init__(self, status: int, text: str, expression: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.expression = expression

    def outcome(self, place: str = "") -> Resource:
        """As FHIR says it."""
        issue: Resource = {"severity": "error", "code": "processing", "diagnostics": self.text}
        where = [one for one in (place, self.expression) if one]
        return {"resourceType": "OperationOutcome", "issue": [{**issue, "expression": where}]
                if where else [issue]}  # fmt: skip


class Store:
    """See the module. refuses: what to say to whom writes to a place ("PlanDefinition/a"), or
    creates something with a title."""

    def __init__(self, temper: Temper) -> None:
        self.temper = temper
        self.lock = threading.RLock()
        self.history: dict[Key, list[Version]] = {}
        self.refuses: dict[str, str] = {}
        self._clock = START
        self._numbers = 0

    def now(self, key: Key) -> Version | None:
        """What stands there, or that it was deleted; None where nothing ever stood."""
        versions = self.history.get(key)
        return versions[-1] if versions else None

    def live(self, type_: str) -> list[Version]:
        """All of a type, in the order in which they came."""
        return [
            versions[-1]
            for key, versions in self.history.items()
            if key[0] == type_ and versions[-1].resource is not None
        ]

    def tick(self) -> None:
        """A request that may write comes later than the one before."""
        self._clock += timedelta(seconds=1)

    # changes

    def put(
        self, key: Key, body: Resource, *, match: str = "", none_match: str = "", late: bool = False
    ) -> tuple[int, Version]:
        """Status and what stands there then. late: references are checked by the caller."""
        there = self.now(key)
        self._check_body(key, body, is_there=there is not None)
        is_live = there is not None and there.resource is not None
        if none_match == "*" and self.temper.if_none_match and is_live:
            raise RefusedError(412, f"{key[0]}/{key[1]} exists already")
        if match:
            self._check_match(there, match)
        kept = _less(body, self.temper.drops)
        if not late and self.temper.integrity:
            self.check_references(kept)
        may_stay = not self.temper.new_for_same and there is not None
        if may_stay and there.resource and _content(there.resource) == _content(kept):
            return 200, there
        made = self._store(key, kept, "PUT")
        return (200 if is_live else 201), made

    def post(
        self, type_: str, body: Resource, condition: str, *, name: str = "", late: bool = False
    ) -> tuple[int, Version]:
        """The same of a create whose id the server chooses, or has chosen: name."""
        self._check_type(type_)
        if found := self.found(type_, condition):
            return 200, found
        if body.get("resourceType") != type_:
            raise RefusedError(400, "the resource has another type than its address")
        if str(body.get("title")) in self.refuses:
            raise RefusedError(422, self.refuses[str(body["title"])], f"{type_}.title")
        name = name or self.new_name()
        kept = _less({**body, "id": name}, self.temper.drops)
        if not late and self.temper.integrity:
            self.check_references(kept)
        return 201, self._store((type_, name), kept, "POST")

    def found(self, type_: str, condition: str) -> Version | None:
        """What a conditional create would find."""
        query = parse_qsl(condition)
        found = [one for one in self.live(type_) if matches(one, query)] if query else []
        if len(found) > 1:
            raise RefusedError(412, f"{len(found)} resources match '{condition}'")
        return found[0] if found else None

    def new_name(self) -> str:
        """An id that nothing has."""
        self._numbers += 1
        number = str(1000 + self._numbers)
        return number if self.temper.versions == "numbers" else str(uuid.UUID(int=int(number)))

    def delete(
        self, key: Key, match: str = "", *, late: bool = False
    ) -> tuple[int, Version | None]:
        """Status, and the version that says so."""
        self._check_type(key[0])
        there = self.now(key)
        if there is None or there.resource is None:
            return (self.temper.deleted_missing if there is None else 200), there
        if match and self.temper.match_on_delete:
            self._check_match(there, match)
        if not late:
            self.check_unreferred(key)
        return 200, self._store(key, None, "DELETE")

    def check_references(self, resource: Resource) -> None:
        """Raises RefusedError where one leads nowhere."""
        for reference in _references(resource):
            target = self.now(tuple(reference.split("/")))  # type: ignore[arg-type]  # two parts
            if target is None or target.resource is None:
                raise RefusedError(400, f"Resource {reference} not found")

    def check_unreferred(self, key: Key) -> None:
        """Raises RefusedError where somebody refers to it."""
        if not self.temper.integrity:
            return
        name = "/".join(key)
        for versions in self.history.values():
            other = versions[-1]
            if other.resource is not None and name in _references(other.resource):
                raise RefusedError(409, f"{'/'.join(other.key)} refers to {name}")

    def lengths(self) -> dict[Key, int]:
        """How many versions there are of each, to go back to."""
        return {key: len(versions) for key, versions in self.history.items()}

    def back_to(self, lengths: dict[Key, int]) -> None:
        """Forget all that came later."""
        for key in list(self.history):
            del self.history[key][lengths.get(key, 0) :]
            if not self.history[key]:
                del self.history[key]

    # inside

    def _check_type(self, type_: str) -> None:
        if type_ not in self.temper.types:
            raise RefusedError(404, f"Unknown resource type '{type_}'")

    def _check_body(self, key: Key, body: Resource, *, is_there: bool) -> None:
        type_, name = key
        self._check_type(type_)
        if f"{type_}/{name}" in self.refuses:
            raise RefusedError(422, self.refuses[f"{type_}/{name}"], f"{type_}.title")
        if not _ID.fullmatch(name):
            raise RefusedError(400, f"'{name}' is no id")
        if name.isdecimal() and self.temper.ids == "not-numeric" and not is_there:
            raise RefusedError(400, f"clients may not choose ids that are numbers: '{name}'")
        if self.temper.ids == "no" and not is_there:
            raise RefusedError(405, "clients may not choose ids")
        if body.get("resourceType") != type_ or body.get("id") != name:
            raise RefusedError(400, "the resource has another type or id than its address")

    def _check_match(self, there: Version | None, match: str) -> None:
        said = re.fullmatch(r'(?:W/)?"([^"]*)"', match)
        if said is None:
            raise RefusedError(400, f"If-Match is no ETag: {match}")
        if there is None:
            if self.temper.match_missing != 201:
                raise RefusedError(self.temper.match_missing, "nothing stands there")
        elif there.version != said[1]:
            raise RefusedError(self.temper.stale, f"version {there.version} stands there")

    def _store(self, key: Key, resource: Resource | None, method: str) -> Version:
        versions = self.history.setdefault(key, [])
        self._numbers += 1
        number = str(len(versions) + 1)
        if self.temper.versions == "uuids":
            number = str(uuid.uuid5(uuid.NAMESPACE_OID, str(self._numbers)))
        updated = self._clock.isoformat(timespec="milliseconds")
        stored = None
        if resource is not None:
            meta = {**(resource.get("meta") or {}), "versionId": number, "lastUpdated": updated}
            if self.temper.adds_source:
                meta["source"] = f"#{self._numbers:x}"
            stored = {
                "resourceType": key[0],
                "id": key[1],
                "meta": meta,
                **{k: v for k, v in resource.items() if k not in ("resourceType", "id", "meta")},
            }
        made = Version(key, number, updated, stored, method)
        versions.append(made)
        return made


def phrase(status: int) -> str:
    """A status as bundles say it."""
    return f"{status} {HTTPStatus(status).phrase}"


def _content(resource: Resource) -> Resource:
    meta = resource.get("meta") or {}
    kept = {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated", "source")}
    return {**resource, "meta": kept}


def _less(value: Any, drops: frozenset[str]) -> Any:
    if not drops:
        return value
    if isinstance(value, list):
        return [_less(one, drops) for one in value]
    if isinstance(value, dict):
        return {name: _less(one, drops) for name, one in value.items() if name not in drops}
    return value


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name == "reference" and isinstance(one, str):
                if _REFERENCE.fullmatch(one):
                    yield one
            elif isinstance(one, (dict, list)):
                yield from _references(one)
