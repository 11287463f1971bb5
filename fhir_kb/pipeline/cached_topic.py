"""What was made of a topic, as bytes of the cache and back: JSON, then the resources' own bytes."""

from __future__ import annotations

from typing import Any

import orjson

from fhir_kb.emit import EmittedResource
from fhir_kb.pipeline.cache import findings_from, findings_json
from fhir_kb.pipeline.topic import CompiledTopic


def pack(made: CompiledTopic, key: str) -> bytes:
    """What was made, under its key."""
    blobs: list[bytes] = []
    emitted: dict[str, list[list[Any]]] = {}
    for release, resources in made.emitted.items():
        rows = emitted[release] = []
        for one in resources:
            rows.append(
                [
                    *one[:6],
                    list(one.identifier) if one.identifier else None,
                    one.root,
                    one.digest,
                    one.index_entry.decode(),
                    list(one.references),
                    len(one.file_bytes),
                    len(one.line_bytes),
                ]
            )
            blobs += [one.file_bytes, one.line_bytes]
    head = {
        "key": key,
        "findings": findings_json(made.findings),
        "losses": findings_json(made.losses),
        "emitted": emitted,
    }
    return b"\n".join([orjson.dumps(head), b"".join(blobs)])


def unpack(content: bytes, key: str) -> CompiledTopic | None:
    """What was made; None where it was made under another key, or is not whole."""
    try:
        return _unpack(content, key)
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _unpack(content: bytes, key: str) -> CompiledTopic | None:
    end = content.index(b"\n")
    head = orjson.loads(content[:end])
    if head["key"] != key:
        return None
    at = end + 1
    emitted: dict[str, tuple[EmittedResource, ...]] = {}
    for release, rows in head["emitted"].items():
        resources = []
        for row in rows:
            file_size, line_size = row[-2:]
            middle, after = at + file_size, at + file_size + line_size
            resources.append(_emitted(row, content[at:middle], content[middle:after]))
            at = after
        emitted[release] = tuple(resources)
    if at != len(content):
        return None
    return CompiledTopic(findings_from(head["findings"]), findings_from(head["losses"]), emitted)


def _emitted(row: list[Any], file_bytes: bytes, line_bytes: bytes) -> EmittedResource:
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
