"""Whatever JSON stands in a file of the workspace or in a plan, it is read or refused, no bug."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import MemoryServer
from pushed import artifact, desired, no_sleep, push, reconciler

from fhir_kb.push import (
    PushError,
    PushOptions,
    load_capabilities,
    parse_plan,
    save_capabilities,
    serialize_plan,
)
from fhir_kb.push.workspace.workspace import Workspace

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, width=32)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)  # fmt: skip
#: Where a file is damaged: a number that leads to one of its values.
SPOTS = st.integers(0, 10_000)
RESOURCES = [artifact("a"), artifact("b"), {"resourceType": "Basic", "id": "c"}]


@pytest.fixture(scope="module", name="workspace")
def workspace_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after two pushes, of which the second was interrupted."""
    folder = tmp_path_factory.mktemp("workspace")
    server = MemoryServer()
    push(server, folder, RESOURCES)
    workspace = Workspace(folder)
    state = workspace.states.load("")
    changed = [artifact("a", title="Changed"), *RESOURCES[1:]]
    with reconciler(server, folder) as opened:
        plan = opened.plan(desired(*changed))
        (folder / "plan.json").write_bytes(serialize_plan(plan))
    journal = workspace.begin_push(2)
    journal.done(dict(state.resources))
    journal.close()
    save_capabilities(folder, server.capabilities)
    return folder


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """The containers and keys of all values within."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(entries):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def damaged(content: bytes, spot: int, new: Any) -> bytes:
    """The JSON, or one of the lines, with one value replaced; or all of it."""
    lines = content.splitlines()
    number = spot % len(lines)
    document = json.loads(lines[number])
    found = list(places(document))
    if spot % 7 == 0 or not found:
        document = new
    else:
        container, key = found[spot % len(found)]
        container[key] = new
    lines[number] = orjson.dumps(document)
    return b"\n".join(lines) + b"\n"


READERS: dict[str, Callable[[Workspace], Any]] = {
    "state.json": lambda workspace: workspace.states.load("").copy(),
    "journal.jsonl": lambda workspace: workspace.interrupted_push(),
    "log.jsonl": lambda workspace: [str(entry.applied) for entry in workspace.log.entries()],
    "pushes/1.json": lambda workspace: workspace.history.desired_state(
        workspace.history.resources_after(1)
    ),
    "pushes/1.ndjson": lambda workspace: workspace.history.desired_state(
        workspace.history.resources_after(1)
    ),
    "capabilities.json": lambda workspace: load_capabilities(workspace.folder, "urn:x"),
    "plan.json": lambda workspace: parse_plan((workspace.folder / "plan.json").read_bytes()),
}


@pytest.mark.parametrize("name", READERS)
@given(spot=SPOTS, new=ANY_JSON)
@settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_it_is_read_or_refused(workspace: Path, name: str, spot: int, new: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(workspace, Path(folder) / "workspace"))
        path = copy / name
        path.write_bytes(damaged(path.read_bytes(), spot, new))
        try:
            READERS[name](Workspace(copy))
        except PushError as error:
            assert error.message
            assert error.help
            if "damaged" in error.message and "plan" not in name:
                assert re.search(r"(\.json|\.jsonl|\.ndjson):\d+ is damaged", error.message)


@pytest.mark.parametrize(
    ("name", "line"), [("journal.jsonl", 2), ("log.jsonl", 2), ("pushes/1.ndjson", 3)]
)
def test_the_damaged_line_is_named(workspace: Path, tmp_path: Path, name: str, line: int) -> None:
    copy = Path(shutil.copytree(workspace, tmp_path / "workspace"))
    lines = (copy / name).read_bytes().splitlines()
    lines = [lines[0]] * (line - 1) if len(lines) < line else lines
    lines[line - 1 :] = [b'{"done": 5, "digest": 7}']
    (copy / name).write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(PushError, match=rf"{name}:{line} is damaged"):
        READERS[name](Workspace(copy))


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_the_time_in_the_state_is_an_instant(workspace: Path, tmp_path: Path, text: str) -> None:
    copy = Path(shutil.copytree(workspace, tmp_path / "workspace"))
    content = json.loads((copy / "state.json").read_bytes())
    content["refreshedUntil"] = text
    (copy / "state.json").write_text(json.dumps(content))
    with pytest.raises(PushError, match=r"state\.json:1 is damaged"):
        Workspace(copy).states.load("")


@given(spot=SPOTS, new=ANY_JSON)
@settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_what_is_read_can_be_worked_with(workspace: Path, spot: int, new: Any) -> None:
    """A state that was read can be planned and pushed with, or is refused."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(workspace, Path(folder) / "workspace"))
        (copy / "journal.jsonl").unlink()
        path = copy / "state.json"
        path.write_bytes(damaged(path.read_bytes(), spot, new))
        server = MemoryServer()
        push(server, Path(folder) / "other", RESOURCES)
        try:
            with reconciler(server, copy) as opened:
                plan = opened.plan(desired(*RESOURCES))
                serialize_plan(plan)
                opened.push(plan, PushOptions(("adopt", "overwrite", "many")), sleep=no_sleep)
        except PushError as error:
            assert error.message
