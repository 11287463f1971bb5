"""`pushes/`: what each push left on the server, with its contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from fhir_kb.push.errors import PushError
from fhir_kb.push.format_version import check_version
from fhir_kb.push.planning.desired_state import DesiredResource
from fhir_kb.push.planning.scopes import UNNAMED
from fhir_kb.push.stored_types import objects, strings
from fhir_kb.push.workspace.files import (
    AppendOnlyFile,
    damaged,
    drop_partial_line,
    read_json,
    read_lines,
    write,
    write_json,
)
from fhir_kb.push.workspace.records import RECORD_VERSION, parse_records, records_json
from fhir_kb.servers.content import json_resource, load_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.content import Resource

_MAX_LISTED = 5


class History:
    """The earlier pushes to one server. Every method may raise PushError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "pushes"
        self._contents: dict[int, dict[str, Resource]] = {}

    def save_contents(self, push: int, contents: Iterable[tuple[str, bytes]]) -> None:
        """Keep the contents that a push is about to send, with their digests."""
        self._contents.pop(push, None)
        write(self._contents_path(push), _content_lines(contents))

    def append_contents(self, push: int, contents: Iterable[tuple[str, bytes]]) -> None:
        """Keep further contents of a push durably."""
        self._contents.pop(push, None)
        path = self._contents_path(push)
        drop_partial_line(path)
        file = AppendOnlyFile(path)
        try:
            file.add(*(_content_line(*content) for content in contents), durable=True)
        finally:
            file.close()

    def contents(self, push: int) -> dict[str, Resource]:
        """The contents that a push sent, by digest."""
        if push not in self._contents:
            self._contents[push] = self._read_contents(push)
        return self._contents[push]

    def content(self, record: RecordedResource) -> Resource | None:
        """What was sent of a recorded resource; None where that is not kept."""
        return self.contents(record.push).get(record.sent_digest)

    def save_resources(self, state: State) -> None:
        """Keep the resources that are recorded after the last push."""
        resources = records_json(state.resources)
        write_json(
            self._resources_path(state.last_push),
            {
                "format": RECORD_VERSION,
                "scopes": list(state.last_scopes),
                "resources": resources,
            },
        )

    def push_numbers(self) -> list[int]:
        """The numbers of the pushes that are kept, in order."""
        names = (path.stem for path in self._folder.glob("*.json"))
        return sorted(int(name) for name in names if name.isdecimal())

    def scopes_of(self, push: int) -> tuple[str, ...]:
        """The scopes of a push; empty where a version before scopes made it, or it is not kept."""
        path = self._resources_path(push)
        try:
            return strings(read_json(path).get("scopes", []))
        except TypeError as error:
            raise damaged(path) from error

    def resources_after(self, push: int) -> dict[str, RecordedResource]:
        """The resources that were recorded after a push, by key."""
        path = self._resources_path(push)
        content = read_json(path)
        if not content:
            numbers = ", ".join(map(str, self.push_numbers()[-_MAX_LISTED:]))
            raise PushError(
                f"push {push} is not in the history of this server ({self._folder})",
                f"The last pushes are {numbers}" if numbers else "Nothing was pushed from here",
                usage=True,
            )
        try:
            version = check_version(str(path), content.get("format", 1), RECORD_VERSION)
            rows = content["records" if version == 1 else "resources"]
            return parse_records(rows, version)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(path) from error

    def desired_state(self, records: Mapping[str, RecordedResource]) -> dict[str, DesiredResource]:
        """The desired state that brings the server back to these records of an earlier push."""
        desired = {}
        for key, record in records.items():
            content = self.content(record)
            if content is None:
                raise damaged(self._contents_path(record.push))
            desired[key] = DesiredResource(
                key,
                record.ref.type,
                record.ref.id,
                body=json_resource(content),
                fixed_ref=record.ref,
                retired=record.retired,
                scope=record.scopes[0] if record.scopes else UNNAMED,
                other_scopes=record.scopes[1:],
            )
        return desired

    def _read_contents(self, push: int) -> dict[str, Resource]:
        path = self._contents_path(push)
        contents: dict[str, Resource] = {}

        def read(line: bytes) -> None:
            entry = load_json(line)
            if "format" in entry:
                check_version(str(path), entry["format"], RECORD_VERSION)
            else:
                (contents[entry["digest"]],) = objects([entry["resource"]])

        read_lines(path, read)
        return contents

    def _contents_path(self, push: int) -> Path:
        return self._folder / f"{push}.ndjson"

    def _resources_path(self, push: int) -> Path:
        return self._folder / f"{push}.json"


def _content_lines(contents: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The lines of a new file: its version, and a line for each content."""
    yield orjson.dumps({"format": RECORD_VERSION}) + b"\n"
    for content in contents:
        yield _content_line(*content) + b"\n"


def _content_line(digest: str, content: bytes) -> bytes:
    return b'{"digest":"%s","resource":%s}' % (digest.encode(), content)
