"""A compiled topic as a file of the cache: a line of JSON, then the resources' own bytes."""

from __future__ import annotations

from typing import Any

import orjson

from fhir_kb.emit import EmittedResource
from fhir_kb.pipeline.cache import FORMAT, findings_from, findings_json
from fhir_kb.pipeline.topic import CompiledTopic


def serialize(topic: CompiledTopic, key: str) -> bytes:
    """The topic as bytes, under its key."""
    contents: list[bytes] = []
    emitted: dict[str, list[list[Any]]] = {}
    for release, resources in topic.emitted.items():
        emitted[release] = [_row(resource) for resource in resources]
        for resource in resources:
            contents += [resource.file_bytes, resource.line_bytes]
    head = {
        "format": FORMAT,
        "key": key,
        "findings": findings_json(topic.findings),
        "losses": findings_json(topic.losses),
        "emitted": emitted,
    }
    return b"\n".join([orjson.dumps(head), b"".join(contents)])


def _row(resource: EmittedResource) -> list[Any]:
    return [
        *resource[:6],
        list(resource.identifier) if resource.identifier else None,
        resource.root,
        resource.digest,
        resource.index_entry.decode(),
        list(resource.references),
        len(resource.file_bytes),
        len(resource.line_bytes),
    ]


def deserialize(content: bytes, key: str) -> CompiledTopic | None:
    """The topic; None where it has another key or format, or is damaged."""
    try:
        return _deserialize(content, key)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _deserialize(content: bytes, key: str) -> CompiledTopic | None:
    end = content.index(b"\n")
    head = orjson.loads(content[:end])
    if head["format"] != FORMAT or head["key"] != key:
        return None
    start = end + 1
    emitted: dict[str, tuple[EmittedResource, ...]] = {}
    for release, rows in head["emitted"].items():
        resources = []
        for row in rows:
            file_size, line_size = row[-2:]
            middle, after = start + file_size, start + file_size + line_size
            resources.append(_resource(row, content[start:middle], content[middle:after]))
            start = after
        emitted[release] = tuple(resources)
    if start != len(content):
        return None
    return CompiledTopic(findings_from(head["findings"]), findings_from(head["losses"]), emitted)


def _resource(row: list[Any], file_bytes: bytes, line_bytes: bytes) -> EmittedResource:
    kind, name, url, version, title, date, identifier, root, sha, index_entry, references = row[:11]
    return EmittedResource(
        resource_type=kind,
        id=name,
        url=url,
        version=version,
        title=title,
        date=date,
        identifier=tuple(identifier) if identifier else None,
        root=root,
        digest=sha,
        index_entry=index_entry.encode(),
        references=tuple(references),
        file_bytes=file_bytes,
        line_bytes=line_bytes,
    )
