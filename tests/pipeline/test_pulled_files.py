"""`pull -o`: files of others are never replaced or removed, and nothing leaves the folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from knowledge_bases import write

from fhir_kb.pipeline import EnvironmentFailure, build
from fhir_kb.pipeline.pulled_files import write_pulled


def resource(id_: Any, kind: Any = "PlanDefinition", **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": id_, **more}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".fhir-kb.json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pulled"


def test_only_what_a_pull_wrote_is_removed(folder: Path) -> None:
    folder.mkdir()
    (folder / "PlanDefinition-mine.json").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    write_pulled([resource("a"), resource("b")], folder)
    files, changed = write_pulled([resource("b", title="New")], folder)
    assert files == [folder / "PlanDefinition-b.json"]
    assert changed == ()
    assert names(folder) == {"PlanDefinition-b.json", "PlanDefinition-mine.json", "notes.txt"}
    assert json.loads((folder / "PlanDefinition-b.json").read_bytes())["title"] == "New"
    assert (folder / "PlanDefinition-mine.json").read_text() == "mine"


def test_a_file_of_others_in_the_way_stops_it_all(folder: Path) -> None:
    folder.mkdir()
    (folder / "PlanDefinition-b.json").write_text("mine")
    with pytest.raises(EnvironmentFailure, match=r"'PlanDefinition-b\.json' is in the way"):
        write_pulled([resource("a"), resource("b")], folder)
    assert names(folder) == {"PlanDefinition-b.json"}
    assert (folder / "PlanDefinition-b.json").read_text() == "mine"


def test_a_link_in_the_way_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "mine.json").write_text("mine")
    (folder / "PlanDefinition-a.json").symlink_to(tmp_path / "mine.json")
    with pytest.raises(EnvironmentFailure):
        write_pulled([resource("a")], folder)
    assert (tmp_path / "mine.json").read_text() == "mine"


def test_a_file_that_was_changed_is_told(folder: Path) -> None:
    write_pulled([resource("a")], folder)
    (folder / "PlanDefinition-a.json").write_text("edited")
    _, changed = write_pulled([resource("a")], folder)
    assert [finding.code for finding in changed] == ["KB604"]


@pytest.mark.parametrize(
    "wrong",
    [
        resource("../../evil"), resource("/etc/passwd"), resource("a/b"),
        resource("a\\b"), resource("a\0"), resource("a\n"), resource("x" * 65), resource(""),
        resource(None), resource(5), resource("a:b"), resource("\u202egnp"),
        resource("a", "../Plan"), resource("a", "plan"), resource("a", "X" * 300),
        resource("a", None), resource("a", ["A"]), resource("a\ud800"),
    ],
    ids=repr,
)  # fmt: skip
def test_hostile_names(folder: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(EnvironmentFailure, match="type or id FHIR does not allow"):
        write_pulled([resource("fine"), wrong], folder)
    assert not folder.exists()


@pytest.mark.parametrize(("one", "other"), [("a", "A"), ("straSSe", "strasse")])
def test_ids_that_are_one_name_on_windows(folder: Path, one: str, other: str) -> None:
    files, _ = write_pulled([resource(one), resource(other), resource("b")], folder)
    assert len({file.name.casefold() for file in files}) == 3
    assert {json.loads(file.read_bytes())["id"] for file in files} == {one, other, "b"}
    assert folder / "PlanDefinition-b.json" in files


@pytest.mark.parametrize("id_", ["con", "..", "nul", "a.", "...", "com1", "x" * 64])
def test_names_that_windows_reserves(folder: Path, id_: str) -> None:
    files, _ = write_pulled([resource(id_)], folder)
    assert [file.name for file in files] == [f"PlanDefinition-{id_}.json"]


def test_two_of_one_id(folder: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="two resources of one id"):
        write_pulled([resource("a"), resource("a", title="Other")], folder)


def test_output_of_a_build_is_not_of_a_pull(tmp_path: Path, folder: Path) -> None:
    definitions = write(tmp_path / "definitions", "sepsis")
    output = tmp_path / "output"
    build(definitions, output=output)
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    with pytest.raises(EnvironmentFailure, match="has the files of a build"):
        write_pulled([resource("a")], output)
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    write_pulled([resource("a")], folder)
    with pytest.raises(EnvironmentFailure, match="has the files of a pull"):
        build(definitions, output=folder)
    assert names(folder) == {"PlanDefinition-a.json"}
