"""An index of conformance resources: the fields by which they are found without being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fhir_kb.packages.canonicals import is_version, version_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


class IndexEntry(NamedTuple):
    """A resource with a canonical url."""

    url: str
    version: str
    resource_type: str
    id: str = ""
    kind: str = ""
    """"complex-type"; "" for a resource that has no kind."""
    type: str = ""
    """"Extension"; "" for a resource that has no type."""
    derivation: str = ""
    """"constraint"; "" for a resource that has no derivation."""
    base: str = ""
    """The baseDefinition of a StructureDefinition."""
    file: str = ""
    """Where the resource is read from; its form depends on what made the index."""


def index_entry(resource: Mapping[str, Any], file: str) -> IndexEntry | None:
    """The entry of a resource; None where it has no url or no resourceType."""
    url, resource_type = _text(resource, "url"), _text(resource, "resourceType")
    if not url or not resource_type:
        return None
    return IndexEntry(
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
"""Stored entries: url -> for each entry its other fields, in order."""


class Index:
    """Entries by url, made from rows only when they are looked up."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @classmethod
    def of(cls, entries: Iterable[IndexEntry]) -> Index:
        """The index of these entries."""
        rows: dict[str, list[Sequence[str]]] = {}
        for url, *fields in entries:
            rows.setdefault(url, []).append(fields)
        return cls(rows)

    def __iter__(self) -> Iterator[IndexEntry]:
        for url, rows in self.rows.items():
            for row in rows:
                yield IndexEntry(url, *row)

    def matching(self, canonical: str, resource_type: str = "") -> list[IndexEntry]:
        """All entries with that canonical ("url" or "url|version"); see Canonicals.find."""
        url, _, version = canonical.partition("|")
        entries = (IndexEntry(url, *row) for row in self.rows.get(url, ()))
        return [
            entry
            for entry in entries
            if (not resource_type or entry.resource_type == resource_type)
            and (not version or is_version(entry.version, version))
        ]


def newest(entries: Iterable[IndexEntry]) -> IndexEntry | None:
    """The entry with the highest version, the first of equals; None where there is no entry."""
    return max(entries, key=lambda entry: version_key(entry.version), default=None)


class ResourceCache:
    """The resources read last: a second look-up is free and gives the same object."""

    def __init__(
        self, read: Callable[[IndexEntry], Mapping[str, Any]], max_size: int = 1000
    ) -> None:
        self._read = read
        self._max_size = max_size
        self._resources: dict[IndexEntry, Mapping[str, Any]] = {}

    def get(self, entry: IndexEntry) -> Mapping[str, Any]:
        """The resource of an entry, read if need be. Raises what reading raises."""
        resource = self._resources.get(entry)
        if resource is None:
            resource = self._read(entry)
            if len(self._resources) >= self._max_size:
                del self._resources[next(iter(self._resources))]
            self._resources[entry] = resource
        return resource
