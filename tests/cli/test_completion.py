"""Completion as bash asks for it: the words so far and the position come in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fhir_kb.model.fhir_release import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended


@pytest.fixture
def complete(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[str]]:
    def ask(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_FHIR_KB_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        code, out, err = fhir_kb()
        assert (code, err) == (0, "")
        return [row.partition(",")[2] for row in out.splitlines() if row]

    return ask


def topic(folder: str, text: str) -> None:
    Path(folder).mkdir(parents=True)
    Path(folder, "topic.yaml").write_text(text, encoding="utf-8")


def test_commands(complete: Callable[[str], list[str]]) -> None:
    assert complete("fhir-kb b") == ["build", "bundle"]


def test_options(complete: Callable[[str], list[str]]) -> None:
    assert complete("fhir-kb build --f") == ["--fhir", "--format"]


def test_releases_after_the_comma(complete: Callable[[str], list[str]]) -> None:
    others = [name for name in NAMES if name != "r4"]
    assert complete("fhir-kb build --fhir r4,") == [f"r4,{name}" for name in others]


def test_formats(complete: Callable[[str], list[str]]) -> None:
    assert complete("fhir-kb build --format s") == ["sarif"]


def test_codes(complete: Callable[[str], list[str]], stand_in: Callable[..., None]) -> None:
    from fhir_kb.diagnostics import CodePage, FindingCode, Severity

    known = {
        code: FindingCode(code, CodePage("x", Severity.ERROR, "Y.")) for code in ("KB101", "KB204")
    }
    stand_in("fhir_kb.pipeline", catalogue=lambda: known)
    assert complete("fhir-kb explain kb2") == ["KB204"]


def test_topics_come_from_the_definitions(complete: Callable[[str], list[str]]) -> None:
    topic("definitions/a", "# a comment\ntopic: needling\ntitle: x\n")
    topic("definitions/group/b", 'topic: "neck-pain"   # quoted\n')
    topic("definitions/.hidden/c", "topic: never\n")
    topic("definitions/d", "title: no name\n")
    assert complete("fhir-kb bundle ne") == ["neck-pain", "needling"]
    topic("other/e", "topic: elsewhere\n")
    assert complete("fhir-kb bundle -d other ") == ["elsewhere"]


def test_without_definitions_nothing_is_offered(complete: Callable[[str], list[str]]) -> None:
    assert complete("fhir-kb bundle x") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_for_a_shell_is_printed(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("_FHIR_KB_COMPLETE", f"{shell}_source")
    code, out, _ = fhir_kb()
    assert code == 0
    assert "_FHIR_KB_COMPLETE" in out
