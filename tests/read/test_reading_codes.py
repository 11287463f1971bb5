"""Every finding of reading has a page, and every page a finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fhir_kb.read
from fhir_kb.diagnostics import FindingCode, Severity
from fhir_kb.read.finding_codes import CODES

ROOM = Path(next(iter(fhir_kb.read.__path__)))


def used() -> dict[str, str]:
    """Every KB1xx that the room's code says, with the file that says it."""
    found = {}
    for file in sorted(ROOM.glob("*.py")):
        if file.name != "finding_codes.py":
            text = file.read_text(encoding="utf-8")
            found.update(dict.fromkeys(re.findall(r'"(KB1\d\d)"', text), file.name))
    return found


def test_codes_and_their_uses_are_the_same_set() -> None:
    assert {code.id for code in CODES} == set(used())


def test_no_code_and_no_name_is_there_twice() -> None:
    assert len({code.id for code in CODES}) == len(CODES)
    assert len({code.name for code in CODES}) == len(CODES)


def test_they_stand_in_order() -> None:
    assert [code.id for code in CODES] == sorted(code.id for code in CODES)


@pytest.mark.parametrize("code", tuple(CODES), ids=lambda code: code.id)
def test_each_page_says_what_why_and_how(code: FindingCode) -> None:
    first, blank, *rest = code.explanation.split("\n")
    assert first.endswith(".")
    assert blank == ""
    assert any(line.startswith("    ") and line.strip() for line in rest), "no example"
    assert len([p for p in code.explanation.split("\n\n") if not p.startswith("    ")]) >= 3
    assert max(map(len, code.explanation.split("\n"))) <= 100


def test_only_a_file_that_is_passed_over_is_a_warning() -> None:
    assert [code.id for code in CODES if code.severity is not Severity.ERROR] == ["KB143"]
