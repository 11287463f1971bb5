"""Every rule against its page of cases: definitions as an author writes them, findings as shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhir_kb.lint import (
    KNOWLEDGE_BASE_RULES,
    RULES,
    check_knowledge_base,
    check_shared,
    check_topic,
)
from fhir_kb.model.knowledge_base import KnowledgeBase
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings, read_topic, topic_entry

HERE = Path(__file__).parent
KB = """\
id: kb
title: Knowledge
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
"""


def cases() -> Iterator[Any]:
    for path in sorted(HERE.rglob("*.yaml")):
        for name, case in yaml.safe_load(path.read_text("utf-8")).items():
            yield pytest.param(path, case, id=f"{path.stem}: {name}")


def pages() -> dict[str, Path]:
    """The page of each rule, by its code: where the rule's module is, there are its cases."""
    found = {}
    for rule in (*RULES, *KNOWLEDGE_BASE_RULES):
        module = Path(rule.check.__code__.co_filename)
        found[rule.id] = HERE / module.parent.name / f"{module.stem}.yaml"
    return found


@pytest.mark.parametrize(("path", "case"), list(cases()))
def test_the_rule_finds_what_its_page_says(
    path: Path, case: dict[str, Any], tmp_path: Path
) -> None:
    code = next(code for code, page in pages().items() if page == path)
    found = [one for one in _findings(case, tmp_path) if f" {code} " in one]
    assert sorted(found) == sorted(case["finds"])


@pytest.mark.parametrize("code", list(pages()))
def test_every_rule_has_cases_of_both_kinds_and_a_page_with_an_example(code: str) -> None:
    page = pages()[code]
    assert page.is_file(), f"{code} has no cases: {page.name}"
    found = [bool(case["finds"]) for case in yaml.safe_load(page.read_text("utf-8")).values()]
    assert set(found) == {True, False}
    rule = next(rule for rule in (*RULES, *KNOWLEDGE_BASE_RULES) if rule.id == code)
    assert rule.page.startswith(f"{code}: ")
    assert re.search(r"^    \S", rule.page, re.MULTILINE), "no example"


def _findings(case: dict[str, Any], root: Path) -> list[str]:
    (root / "kb.yaml").write_text(case.get("kb", KB), encoding="utf-8")
    (root / "concepts.yaml").write_text(case.get("concepts", "pain: {text: Pain}\n"), "utf-8")
    for at, topic in enumerate([case["topic"], *case.get("others", ())]):
        folder = root / f"t{at}"
        folder.mkdir()
        (folder / "topic.yaml").write_text(topic, encoding="utf-8")
        if at == 0:
            for name, text in case.get("files", {}).items():
                (folder / name).write_text(text, encoding="utf-8")
            for name, file in (("references", "references.yaml"), ("page", "page.md")):
                if name in case:
                    (folder / file).write_text(case[name], encoding="utf-8")
    sources, found = find_definitions(root, shown="")
    settings, concepts, wrong = read_settings(sources)
    assert settings is not None, wrong
    read = [read_topic(sources, folder) for folder in sources.folders]
    assert not [*found, *wrong, *(one for each in read for one in each.findings)]
    entries = [topic_entry(one.source, settings) for one in read if one.source]
    base = KnowledgeBase(settings=settings, concepts=concepts, directory={e.id: e for e in entries})
    findings = [*check_knowledge_base(tuple(entries)), *check_shared(settings, concepts)]
    for one in read:
        if one.source:
            findings.extend(check_topic(one.source, base))
    return [
        f"{one.span.file.removeprefix('t0/')}:{one.span.line}:{one.span.column}"
        f" {one.code} {one.message}"
        for one in findings
    ]
