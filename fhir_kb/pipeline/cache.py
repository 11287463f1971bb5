"""What earlier builds made, kept so that only what changed is made again.

The cache is never needed: whatever is missing, stale or broken in it is made anew. A topic is
known by a key over everything it was made of: this program, the settings and concepts, its files,
and what it may know of the topics that it names.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

import fhir_kb
from fhir_kb.diagnostics import Span, from_json, to_json
from fhir_kb.emit import Emitted
from fhir_kb.model.knowledge import Entry
from fhir_kb.pipeline.topic import TopicMade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics import Diagnostic

FORMAT: Final = "1"


def program() -> str:
    """A fingerprint of this program: its version and the sizes and times of its files."""
    root = Path(fhir_kb.__file__).parent
    found = [FORMAT, fhir_kb.__version__]
    for folder, inner, files in os.walk(root):
        inner.sort()
        for name in sorted(files):
            if not name.endswith(".pyc"):
                status = (Path(folder) / name).stat()
                found.append(f"{folder}/{name}:{status.st_size}:{status.st_mtime_ns}")
    return digest(*found)


def digest(*words: str) -> str:
    """A fingerprint of words."""
    whole = hashlib.sha256()
    for word in words:
        whole.update(word.encode() + b"\0")
    return whole.hexdigest()


class Cache:
    """A folder of what was made, one file a topic. `folder` None: nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, name: str, key: str) -> TopicMade | None:
        """What was made of the topic in folder `name`, if it was made under this key."""
        if self._folder is None:
            return None
        try:
            content = self._path(name).read_bytes()
            return _unpack(content, key)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    def put(self, name: str, key: str, made: TopicMade) -> None:
        """Keep what was made. A cache that can't be written is no reason to stop."""
        if self._folder is not None:
            write_aside(self._path(name), _pack(made, key))

    def note(self, name: str) -> dict[str, Any]:
        """A small JSON object that was kept under `name`; empty where there is none."""
        if self._folder is None:
            return {}
        try:
            found = orjson.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def put_note(self, name: str, note: Mapping[str, Any]) -> None:
        """Keep a small JSON object."""
        if self._folder is not None:
            write_aside(self._folder / f"{name}.json", orjson.dumps(note))

    @property
    def stamps(self) -> Path | None:
        """Where the output's stamps are kept."""
        return self._folder / "stamps" if self._folder is not None else None

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / "topics" / hashlib.sha256(name.encode()).hexdigest()[:32]


def write_aside(path: Path, content: bytes) -> None:
    """Write a file of the cache, whole or not at all, and never complain."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def entry_json(entry: Entry) -> list[Any]:
    """An entry of the directory as JSON."""
    return [*entry[:6], list(entry.span)]


def entry_from(record: list[Any]) -> Entry:
    """The entry that `entry_json` made `record` of."""
    name, title, version, status, has_plan, plans, span = record
    return Entry(name, title, version, status, has_plan, tuple(plans), Span(*span))


def findings_json(findings: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [to_json(found) for found in findings]


def findings_from(records: Iterable[dict[str, Any]]) -> tuple[Diagnostic, ...]:
    """The findings that `findings_json` made `records` of."""
    return tuple(from_json(record) for record in records)


def _pack(made: TopicMade, key: str) -> bytes:
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


def _unpack(content: bytes, key: str) -> TopicMade | None:
    end = content.index(b"\n")
    head = orjson.loads(content[:end])
    if head["key"] != key:
        return None
    at = end + 1
    emitted: dict[str, tuple[Emitted, ...]] = {}
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
    return TopicMade(findings_from(head["findings"]), findings_from(head["losses"]), emitted)


def _emitted(row: list[Any], file_bytes: bytes, line_bytes: bytes) -> Emitted:
    kind, name, url, version, title, date, identifier, root, sha, index_entry, references = row[:11]
    return Emitted(
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
