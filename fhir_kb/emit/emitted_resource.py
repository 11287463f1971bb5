"""A resource as it is published: its bytes, and the few facts that the outputs need."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.emit.writer import canonical_json, compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The top-level strings that a package's .index.json repeats, in the order HL7's builder has them.
_INDEXED = ("id", "url", "version", "kind", "type", "supplements", "content", "valueSet")
_REFERENCE = re.compile(rb'"reference":"([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})"')


class EmittedResource(NamedTuple):
    """One resource of one release, written once and used in every output.

    Plain values only, so that it can be pickled to a cache or between processes. A text is empty
    where the resource has none.
    """

    resource_type: str
    id: str
    url: str
    version: str
    title: str
    date: str
    identifier: tuple[str, str] | None
    """The first identifier with both parts, as (system, value)."""
    root: int
    """Where a topic starts: 0 for a manifest Library, 1 for a PlanDefinition, 2 for others."""
    digest: str
    """SHA-256 of `file_bytes`; equal digests, equal bytes in every output."""
    index_entry: bytes
    """The entry for a package's .index.json."""
    references: tuple[str, ...]
    """Its literal references ("Type/id") in order of appearance, each once."""
    file_bytes: bytes
    """The JSON, indented, with a newline at the end."""
    line_bytes: bytes
    """The JSON on one line, without a newline."""

    @property
    def name(self) -> str:
        """The resource as references call it: "Type/id"."""
        return f"{self.resource_type}/{self.id}"

    @property
    def file_name(self) -> str:
        """The name of its file in output and in packages."""
        return f"{self.resource_type}-{self.id}.json"


def emit(
    resource: Mapping[str, Any], order: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> EmittedResource:
    """Write a resource of one release; `order` is the ElementOrder of that release.

    The resource has a resourceType and an id. Raises EmitError where a value is not JSON.
    """
    ordered = order(resource)
    line = compact_json(ordered)
    file = canonical_json(ordered)
    return EmittedResource(
        resource_type=ordered["resourceType"],
        id=ordered["id"],
        url=_text(ordered, "url"),
        version=_text(ordered, "version"),
        title=_text(ordered, "title") or _text(ordered, "name"),
        date=_text(ordered, "date"),
        identifier=_identifier(ordered.get("identifier")),
        root=_root(ordered),
        digest=hashlib.sha256(file).hexdigest(),
        index_entry=_index_entry(ordered),
        references=tuple(dict.fromkeys(name.decode() for name in _REFERENCE.findall(line))),
        file_bytes=file,
        line_bytes=line,
    )


def _text(resource: Mapping[str, Any], name: str) -> str:
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def _identifier(value: Any) -> tuple[str, str] | None:
    """The first identifier with both parts; R4's Composition has one, other types a list."""
    for identifier in value if isinstance(value, list) else [value]:
        if isinstance(identifier, dict):
            system, number = _text(identifier, "system"), _text(identifier, "value")
            if system and number:
                return system, number
    return None


def _root(resource: Mapping[str, Any]) -> int:
    if resource["resourceType"] == "PlanDefinition":
        return 1
    kind = resource.get("type")
    codings = kind.get("coding", ()) if isinstance(kind, dict) else ()
    codes = {coding.get("code") for coding in codings if isinstance(coding, dict)}
    return 0 if resource["resourceType"] == "Library" and "asset-collection" in codes else 2


def _index_entry(resource: Mapping[str, Any]) -> bytes:
    entry = {
        "filename": f"{resource['resourceType']}-{resource['id']}.json",
        "resourceType": resource["resourceType"],
    }
    entry.update((name, resource[name]) for name in _INDEXED if _text(resource, name))
    return compact_json(entry)
