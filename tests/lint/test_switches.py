"""kb.yaml can take warnings less or more seriously, and errors not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_kb.pipeline import build

KB = """\
id: kb
title: Knowledge
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
"""
TOPIC = """\
topic: t
title: T
summary: S.
plan: {steps: [{id: a, title: A}]}
activities: {act: {title: Nothing leads to it}}
"""


def severities(folder: Path, more: str, topic: str = TOPIC) -> list[tuple[str, str]]:
    (folder / "t").mkdir()
    (folder / "kb.yaml").write_text(KB + more, encoding="utf-8")
    (folder / "t" / "topic.yaml").write_text(topic, encoding="utf-8")
    result = build(folder, output=None, models=False)
    return [(found.code, found.severity.value) for found in result.diagnostics]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("", [("KB210", "warning")]),
        ("rules: {KB210: off}\n", []),
        ("rules: {KB210: information}\n", [("KB210", "information")]),
        ("rules: {KB210: error}\n", [("KB210", "error")]),
        ("rules: {KB307: off}\n", [("KB210", "warning")]),
    ],
)
def test_a_warning_is_taken_as_the_settings_say(
    tmp_path: Path, more: str, wanted: list[tuple[str, str]]
) -> None:
    assert severities(tmp_path, more) == wanted


def test_an_error_stays_one(tmp_path: Path) -> None:
    topic = TOPIC.replace("title: A}", "title: A, does: lost}")
    found = severities(tmp_path, "rules: {KB301: off, KB210: off}\n", topic)
    codes = [code for code, severity in found if severity == "error"]
    assert "KB330" in codes
    assert len(codes) == 2  # and the activity that does not exist
