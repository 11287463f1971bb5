"""What an index knows of a conformance resource, so that only those asked for are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fhir_kb.packages.canonicals import is_version, version_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


class Entry(NamedTuple):
    """One resource with a canonical url.

    type, derivation, base, kind: as its StructureDefinition says ("Extension", "constraint", the
        baseDefinition, "complex-type"); of other resources only kind and type, where they have it.
    file: where it is read from; what that means is the business of whoever made the entry.
    """

    url: str
    version: str
    resource_type: str
    id: str = ""
    kind: str = ""
    type: str = ""
    derivation: str = ""
    base: str = ""
    file: str = ""


def entry_of(resource: Mapping[str, Any], file: str) -> Entry | None:
    """The entry of a resource; None where it has no url or no type."""
    url, resource_type = _text(resource, "url"), _text(resource, "resourceType")
    if not url or not resource_type:
        return None
    return Entry(
        url,
        _text(resource, "version"),
        resource_type,
        _text(resource, "id"),
        _text(resource, "kind"),
        _text(resource, "type"),
        _text(resource, "derivation"),
        _text(resource, "baseDefinition"),
        file,
    )


def _text(resource: Mapping[str, Any], key: str) -> str:
    value = resource.get(key)
    return value if isinstance(value, str) else ""


Rows: TypeAlias = "Mapping[str, Sequence[Sequence[str]]]"
"""Entries as they are stored: by url, each with its other fields in order."""


class Index:
    """Entries by url, made from rows when they are asked for: most never are."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Index:
        """The index of these entries."""
        rows: dict[str, list[Sequence[str]]] = {}
        for url, *fields in entries:
            rows.setdefault(url, []).append(fields)
        return cls(rows)

    def __iter__(self) -> Iterator[Entry]:
        for url, rows in self.rows.items():
            for row in rows:
                yield Entry(url, *row)

    def fitting(self, canonical: str, resource_type: str = "") -> list[Entry]:
        """All entries with that canonical ("url" or "url|version"); see Canonicals.find."""
        url, _, version = canonical.partition("|")
        entries = (Entry(url, *row) for row in self.rows.get(url, ()))
        return [
            one
            for one in entries
            if (not resource_type or one.resource_type == resource_type)
            and (not version or is_version(one.version, version))
        ]


def newest(entries: Iterable[Entry]) -> Entry | None:
    """The entry with the highest version, the first of equals; None of none."""
    return max(entries, key=lambda one: version_key(one.version), default=None)


class Kept:
    """The last resources that were read, so that asking again costs nothing and gives the same."""

    def __init__(self, read: Callable[[Entry], Mapping[str, Any]], most: int = 1000) -> None:
        self._read = read
        self._most = most
        self._kept: dict[Entry, Mapping[str, Any]] = {}

    def get(self, entry: Entry) -> Mapping[str, Any]:
        """The resource of an entry, read if need be. Raises what reading raises."""
        found = self._kept.get(entry)
        if found is None:
            found = self._read(entry)
            if len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[entry] = found
        return found
