"""Small knowledge bases for tests, written as an author would."""

from __future__ import annotations

from pathlib import Path

KB = """\
id: ward
title: Ward knowledge
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
"""

TOPIC = """\
topic: {name}
title: About {name}
summary: What is done about {name}.
plan:
  steps:
    - {{id: look, title: Look, does: looking}}
    - {{id: act, title: Act, after: look}}
activities:
  looking: {{title: Looking at it}}
"""


def write(root: Path, *names: str, **more: str) -> Path:
    """A knowledge base with topics of these names; `more`: further text of a topic.yaml."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "kb.yaml").write_text(KB, encoding="utf-8")
    for name in names:
        folder = root / name
        folder.mkdir(exist_ok=True)
        text = TOPIC.format(name=name) + more.get(name, "")
        (folder / "topic.yaml").write_text(text, encoding="utf-8")
    return root


def content(output: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }
