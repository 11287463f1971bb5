"""Several processes do what one does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from fhir_kb import bulk
from fhir_kb.pipeline import EnvironmentFailure, build, topic

KB = """\
id: many
title: Many topics
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
releases: [r4]
"""


def _many(root: Path, count: int) -> Path:
    root.mkdir(parents=True)
    (root / "kb.yaml").write_text(KB, encoding="utf-8")
    for n in range(count):
        folder = root / f"t{n}"
        folder.mkdir()
        text = f"topic: t{n}\ntitle: T{n}\nsummary: S.\nplan: {{steps: [{{id: a, title: A}}]}}\n"
        (folder / "topic.yaml").write_text(text, encoding="utf-8")
    return root


def _content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_output_is_that_of_one_process(tmp_path: Path) -> None:
    definitions = _many(tmp_path / "definitions", 40)
    alone = build(definitions, output=tmp_path / "alone")
    shared = bulk.build(definitions, output=tmp_path / "shared", jobs=3, cache=False)
    assert (alone.exit_code, shared.exit_code) == (0, 0)
    assert alone.diagnostics == shared.diagnostics
    assert _content(tmp_path / "alone") == _content(tmp_path / "shared")


def test_findings_come_from_every_process(tmp_path: Path) -> None:
    definitions = _many(tmp_path / "definitions", 40)
    for n in (1, 2, 39):
        path = definitions / f"t{n}" / "topic.yaml"
        path.write_text(path.read_text("utf-8").replace("title: A", "titel: A"), encoding="utf-8")
    result = bulk.build(definitions, output=None, jobs=3, cache=False)
    assert [found.code for found in result.diagnostics] == ["KB110"] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the loss is injected by forking")
def test_a_process_that_is_killed_ends_the_run_with_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions = _many(tmp_path / "definitions", 40)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(topic, "check_topic", die)
    with pytest.raises(EnvironmentFailure, match="a worker process was killed"):
        bulk.build(definitions, output=tmp_path / "output", jobs=2, cache=False)
    assert not (tmp_path / "output").exists()
