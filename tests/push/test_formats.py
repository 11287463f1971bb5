"""The files of a workspace and plan files: older formats are read, newer and damaged ones refused.

format_1/ was written by the last version that wrote format 1, on a server in memory: `finished`
after two pushes, with a plan for a third; `interrupted` when the second was killed between two
changes. server.json has every version that the server held then.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from memory import MemoryServer
from pushed import artifact, desired, no_sleep, push, reconciler

from fhir_kb.push import (
    PushError,
    Ref,
    load_capabilities,
    parse_plan,
    save_capabilities,
    serialize_plan,
)
from fhir_kb.servers.protocol import RemoteResource

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.push import Reconciler

FORMAT_1 = Path(__file__).parent / "format_1"
PAGE = {"resourceType": "Basic", "id": "page", "code": {"text": "page"}}
SECOND = [artifact("a", title="Second"), artifact("b"), PAGE]
THIRD = [artifact("a", title="Third"), artifact("b"), artifact("d"), artifact("e")]
B = Ref("PlanDefinition", "b-1.0.0")


def server_of(name: str) -> MemoryServer:
    """A server that holds what it held when the workspace was written."""
    server = MemoryServer()
    versions = json.loads((FORMAT_1 / name / "server.json").read_text("utf-8"))
    for reference, rows in versions.items():
        ref = Ref(*reference.split("/"))
        server.history[ref] = [_remote(ref, row) for row in rows]
    return server


def _remote(ref: Ref, row: dict[str, Any]) -> RemoteResource:
    resource = row["resource"] or {}
    return RemoteResource(
        ref, row["version"], row["updated"], resource.get("url", ""),
        resource.get("version", ""), row["deleted"], row["resource"],
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace in format 1, after two pushes."""
    return Path(shutil.copytree(FORMAT_1 / "finished" / "workspace", tmp_path / "workspace"))


@pytest.fixture
def server() -> MemoryServer:
    return server_of("finished")


def test_a_workspace_in_format_1_is_read_and_continued(folder: Path, server: MemoryServer) -> None:
    plan, _ = push(server, folder, SECOND)
    assert plan.counts() == {"unchanged": 3}
    _, result = push(server, folder, [artifact("a", title="Third"), *SECOND[1:]])
    assert (result.number, len(result.applied)) == (3, 1)
    assert json.loads((folder / "state.json").read_bytes())["format"] == 3
    assert json.loads((folder / "pushes" / "3.json").read_bytes())["format"] == 3
    with reconciler(server, folder) as opened:
        assert [entry.push for entry in opened.log()] == [1, 2, 3]
        assert [row["action"] for row in opened.log()[1].applied] == ["update", "retire"]
        assert opened.drift() == []
        opened.push(opened.rollback(1), sleep=no_sleep)
    assert server.contents()["PlanDefinition/a-1.0.0"]["title"] == "The a"
    assert server.contents()["PlanDefinition/c-1.0.0"]["status"] == "active"


def test_a_log_in_format_1_says_the_same(folder: Path, server: MemoryServer) -> None:
    with reconciler(server, folder) as opened:
        first, second = opened.log()
    assert (first.user, first.push, first.failed, first.error) == ("integrator", 1, [], "")
    assert {name: second.applied[0][name] for name in ("action", "reference", "version")} == {
        "action": "update", "reference": "PlanDefinition/a-1.0.0", "version": "2",
    }  # fmt: skip


def test_a_push_that_was_interrupted_in_format_1_is_recovered(tmp_path: Path) -> None:
    server = server_of("interrupted")
    folder = tmp_path / "workspace"
    shutil.copytree(FORMAT_1 / "interrupted" / "workspace", folder)
    with reconciler(server, folder) as opened:
        assert opened.recovered == 2
        plan = opened.plan(desired(*THIRD, artifact("c"), PAGE))
        assert plan.counts() == {"unchanged": 5, "create": 1}
    assert not (folder / "journal.jsonl").exists()


@pytest.mark.parametrize(
    "content",
    [(FORMAT_1 / "finished" / "plan.json").read_bytes(), b'{"format":"fhir-kb plan 2"}'],
    ids=[1, 2],
)
def test_an_older_plan_is_to_be_made_again(content: bytes) -> None:
    with pytest.raises(PushError, match="made by an older fhir-kb: it has format") as caught:
        parse_plan(content)
    assert caught.value.help == "Make it again with 'fhir-kb plan --out FILE'"


def test_what_is_remembered_of_a_server_is_asked_again(folder: Path, server: MemoryServer) -> None:
    base = server.capabilities.base
    assert load_capabilities(folder, base) is None  # format 1 had another name
    save_capabilities(folder, server.capabilities)
    assert not (folder / "profile.json").exists()
    assert load_capabilities(folder, base) == server.capabilities
    path = folder / "capabilities.json"
    content = json.loads(path.read_bytes())
    for damaged in (
        {**content, "format": 3},
        {**content, "capabilities": []},
        content | {"format": 1},
    ):
        path.write_bytes(orjson.dumps(damaged))
        assert load_capabilities(folder, base) is None
    path.write_bytes(b"{")
    assert load_capabilities(folder, base) is None


def _open(_: Reconciler) -> None:
    """The file is read when the workspace is opened."""


def _read_log(opened: Reconciler) -> None:
    opened.log()


def _read_history(opened: Reconciler) -> None:
    opened.rollback(1)


FILES: list[tuple[str, Callable[[Reconciler], None]]] = [
    ("state.json", _open),
    ("journal.jsonl", _open),
    ("pushes/1.json", _read_history),
    ("pushes/1.ndjson", _read_history),
    ("log.jsonl", _read_log),
]


@pytest.mark.parametrize(("name", "read"), FILES, ids=[name for name, _ in FILES])
def test_a_file_of_a_newer_version_is_refused(
    name: str, read: Callable[[Reconciler], None], folder: Path, server: MemoryServer
) -> None:
    path = folder / name
    before = b'{"format":4,"anything":{"new":true}}\n'
    path.write_bytes(before)
    message = rf"{path.name} was written by a newer fhir-kb: it has format 4, .* reads up to 3"
    with pytest.raises(PushError, match=message) as caught, reconciler(server, folder) as opened:
        read(opened)
    assert "Upgrade fhir-kb" in caught.value.help
    assert path.read_bytes() == before


DAMAGE = [
    b"[1, 2\n", b"[]\n", b'{"format":2}\n{"sending":[{"key":"x"}]}\n', b'{"format":"new"}\n',
    b'{"format":0,"push":1}\n', b'{"format":1,"push":1,"records":{"x":["Basic"]}}\n[7]\n',
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
@pytest.mark.parametrize(("name", "read"), FILES, ids=[name for name, _ in FILES])
def test_a_damaged_file_is_refused(
    name: str,
    read: Callable[[Reconciler], None],
    damage: bytes,
    folder: Path,
    server: MemoryServer,
) -> None:
    path = folder / name
    path.write_bytes(damage)
    with (
        pytest.raises(PushError, match=r"is damaged$") as caught,
        reconciler(server, folder) as opened,
    ):
        read(opened)
    assert "Restore it from a backup" in caught.value.help
    assert path.read_bytes() == damage


def test_a_plan_of_a_newer_version_is_refused() -> None:
    with pytest.raises(
        PushError, match=r"the plan was written by a newer fhir-kb: it has format 4"
    ):
        parse_plan(b'{"format":"fhir-kb plan 4","new":{}}')


@pytest.mark.parametrize(
    "damage",
    [b"", b"[]", b'{"format":"fhir-kb plan 3"}', b'{"format":"fhir-kb plan new"}', b'{"format":2}',
     b'{"format":"another plan 3"}'],
)  # fmt: skip
def test_a_damaged_plan_is_refused(damage: bytes) -> None:
    with pytest.raises(PushError, match="is not a plan of fhir-kb, or is damaged"):
        parse_plan(damage)


def test_a_plan_comes_back_from_its_file(folder: Path, server: MemoryServer) -> None:
    server.edit(B, title="Theirs")
    with reconciler(server, folder) as opened:
        plan = opened.plan(desired(*THIRD))
    again = parse_plan(serialize_plan(plan))
    assert serialize_plan(again) == serialize_plan(plan)
