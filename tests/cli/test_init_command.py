from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.cli import starter

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended


def test_it_makes_the_files_and_says_what_comes_next(fhir_kb: Callable[..., Ended]) -> None:
    code, out, err = fhir_kb("init")
    assert (code, err) == (0, "")
    assert out.startswith("definitions/ is ready:\n")
    assert out.endswith("then: fhir-kb build\n")
    made = {path.as_posix() for path in Path("definitions").rglob("*") if path.is_file()}
    assert made == {
        *(f"definitions/{name}" for name in starter.PURPOSE),
        *(f"definitions/.schema/{name}.json" for name in ("kb", "concepts", "topic", "references")),
    }


def test_what_it_makes_builds_without_a_finding(fhir_kb: Callable[..., Ended]) -> None:
    fhir_kb("init", "my-kb")
    code, out, _ = fhir_kb("build", "my-kb", "--format", "json")
    found = json.loads(out)
    assert found["findings"] == []
    assert code == 0
    assert {each["name"] for each in found["releases"]} == {"r5", "r4b", "r4"}


def test_each_file_names_a_schema_that_is_there(fhir_kb: Callable[..., Ended]) -> None:
    fhir_kb("init", "kb")
    for file in Path("kb").rglob("*.yaml"):
        first = file.read_text("utf-8").splitlines()[0]
        _, _, schema = first.partition("# yaml-language-server: $schema=")
        assert json.loads((file.parent / schema).read_bytes())["title"] == f"fhir-kb: {file.name}"


def test_an_empty_folder_or_one_with_other_files_is_filled(fhir_kb: Callable[..., Ended]) -> None:
    Path("kb").mkdir()
    Path("kb/notes.txt").write_text("mine")
    assert fhir_kb("init", "kb").code == 0
    assert Path("kb/notes.txt").read_text() == "mine"


@pytest.mark.parametrize("there", ["kb.yaml", "first-topic/page.md"])
def test_it_overwrites_nothing(fhir_kb: Callable[..., Ended], there: str) -> None:
    Path("kb/first-topic").mkdir(parents=True)
    Path("kb", there).write_text("mine")
    code, out, err = fhir_kb("init", "kb")
    assert (code, out) == (2, "")
    assert f"'kb/{there}' already exists; nothing was written" in err
    assert [path for path in Path("kb").rglob("*") if path.is_file()] == [Path("kb", there)]
    assert Path("kb", there).read_text() == "mine"


def test_a_file_in_the_place_of_a_folder_is_in_the_way(fhir_kb: Callable[..., Ended]) -> None:
    Path("kb").mkdir()
    Path("kb/first-topic").write_text("a file")
    assert "'kb/first-topic' already exists" in fhir_kb("init", "kb").err


def test_a_full_disk_leaves_nothing_behind(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Path.open

    def full(path: Path, *words: Any, **more: Any) -> Any:
        if path.name == "topic.yaml":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return really(path, *words, **more)

    monkeypatch.setattr(Path, "open", full)
    code, _, err = fhir_kb("init", "deep/kb")
    assert code == 3
    assert "No space left on device" in err
    assert not Path("deep").exists()


def test_json_lists_the_files(fhir_kb: Callable[..., Ended]) -> None:
    found = json.loads(fhir_kb("init", "kb", "--format", "json").out)
    assert found["folder"] == "kb"
    assert "first-topic/topic.yaml" in found["files"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("ward-a", "ward-a"),
        ("Ward B (2026)", "ward-b-2026"),
        ("hospital/definitions", "hospital"),
        ("2026", "kb-2026"),
        ("知識", "my-knowledge-base"),
    ],
)
def test_names_come_from_the_folder(fhir_kb: Callable[..., Ended], folder: str, name: str) -> None:
    assert fhir_kb("init", folder).code == 0
    settings = Path(folder, "kb.yaml").read_text("utf-8")
    assert f"\nid: {name}\n" in settings
    assert f"\ncanonical: https://{name}.example/fhir\n" in settings
    topic = Path(folder, "first-topic", "topic.yaml").read_text("utf-8")
    assert f"\ntopic: {name}-first-topic\n" in topic
    assert fhir_kb("validate", folder).code == 0
