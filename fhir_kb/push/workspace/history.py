"""Earlier pushes: what each of them left on the server, content and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.desired_state import DesiredResource
from fhir_kb.push.workspace.files import (
    AppendOnlyFile,
    damaged,
    drop_half_line,
    lines_of,
    read_json,
    write,
)
from fhir_kb.push.workspace.journal import end
from fhir_kb.push.workspace.state_store import record_from, record_json, save_state
from fhir_kb.servers.content import json_resource, load_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.content import Resource


def save_contents(folder: Path, push: int, bodies: Iterable[tuple[str, bytes]]) -> None:
    """Keep the contents that a push sends, by digest. Raises PushError."""
    write(_bodies_file(folder, push), (_body_line(*body) + b"\n" for body in bodies))


def append_contents(folder: Path, push: int, bodies: Iterable[tuple[str, bytes]]) -> None:
    """Keep further contents of a push, for sure. Raises PushError."""
    path = _bodies_file(folder, push)
    drop_half_line(path)
    file = AppendOnlyFile(path)
    try:
        file.add(*(_body_line(*body) for body in bodies), sure=True)
    finally:
        file.close()


def _bodies_file(folder: Path, push: int) -> Path:
    return folder / "pushes" / f"{push}.ndjson"


def _body_line(name: str, body: bytes) -> bytes:
    return b'{"digest":"%s","resource":%s}' % (name.encode(), body)


def load_contents(folder: Path, push: int) -> dict[str, Resource]:
    """The contents that a push sent, by digest. Raises PushError."""
    path = _bodies_file(folder, push)
    try:
        entries = [load_json(line) for line in lines_of(path)]
        return {entry["digest"]: entry["resource"] for entry in entries}
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path) from error


def finish(folder: Path, state: State) -> None:
    """A push is at its end: keep what stands there now, then forget what was under way.

    In this order, so that whoever is killed in between ends it once more. Raises PushError.
    """
    records = {key: record_json(one) for key, one in sorted(state.records.items())}
    content = orjson.dumps({"records": records}, option=orjson.OPT_APPEND_NEWLINE)
    write(folder / "pushes" / f"{state.pushes}.json", content)
    save_state(folder, state)
    end(folder)


def pushes(folder: Path) -> list[int]:
    """The numbers of the pushes that are remembered."""
    found = (path.stem for path in (folder / "pushes").glob("*.json"))
    return sorted(int(name) for name in found if name.isdecimal())


def state_after(folder: Path, push: int) -> dict[str, RecordedResource]:
    """What stood on the server because of us after a push, by key. Raises PushError."""
    path = folder / "pushes" / f"{push}.json"
    found = read_json(path)
    if not found:
        known = ", ".join(map(str, pushes(folder)[-5:]))
        raise PushError(
            f"nothing is known of push {push}",
            f"These are known: {known}" if known else "Nothing was pushed to this server from here",
            usage=True,
        )
    try:
        return {key: record_from(one) for key, one in found["records"].items()}
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path) from error


def desired_state_after(folder: Path, push: int) -> dict[str, DesiredResource]:
    """What has to stand on the server for it to be as after a push, by key. Raises PushError."""
    records = state_after(folder, push)
    bodies: dict[int, dict[str, Resource]] = {}
    found = {}
    for key, one in records.items():
        if one.push not in bodies:
            bodies[one.push] = load_contents(folder, one.push)
        resource = bodies[one.push].get(one.sent)
        if resource is None:
            raise damaged(_bodies_file(folder, one.push))
        found[key] = DesiredResource(
            key,
            one.ref.type,
            one.ref.id,
            body=json_resource(resource),
            place=one.ref,
            retired=one.retired,
        )
    return found
