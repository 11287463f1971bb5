"""Of a long value, the part that differs is shown, on 80 columns."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.cli.views.differences import difference_lines, value_pair
from fhir_kb.diagnostics.render.human import Style
from fhir_kb.diagnostics.render.terminal_text import width
from fhir_kb.push.planning.differences import differences

WORDS = " ".join(f"word{number}" for number in range(60))
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
LONG = "x" * 300
PAIRS: dict[str, tuple[Any, Any, str]] = {
    "a narrative's text": (
        DIV.format(f"<p>{WORDS} old</p>"), DIV.format(f"<p>{WORDS} new</p>"), "new",
    ),
    "a narrative's markup": (
        DIV.format(f"<p>{WORDS}</p><p>end</p>"), DIV.format(f"<p>{WORDS}</p><b>end</b>"), "<b>",
    ),
    "a narrative's attribute": (
        DIV.format(f'<p>{WORDS}</p><p class="old">a</p>'),
        DIV.format(f'<p>{WORDS}</p><p class="new">a</p>'),
        "new",
    ),
    "white space": (f"{WORDS} end", f"{WORDS}  end", "  end"),
    "a long word": (f"{LONG}old", f"{LONG}new", "new"),
    "base64": (f"{'QUJD' * 500}AAAA", f"{'QUJD' * 500}BBBB", "BBBB"),
    "an end that is longer": (WORDS, f"{WORDS} and more", "and more"),
    "an end that is shorter": (f"{WORDS} and more", WORDS, "word59"),
    "wide characters": (f"{'漢字' * 80}古", f"{'漢字' * 80}新", "新"),
    "objects": ({"a": [WORDS, "old"]}, {"a": [WORDS, "new"]}, "new"),
    "lists": ([LONG, 1], [LONG, 2], "2]"),
    "a text and a list": (WORDS, [WORDS], '["'),
    "control characters": (f"{WORDS}\x1b[31mold", f"{WORDS}\x1b[31mnew", "new"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_excerpts_differ_and_show_what_does(name: str) -> None:
    old, new, shown = PAIRS[name]
    before, after = value_pair(old, new)
    assert before != after
    assert shown in after
    assert max(width(before), width(after)) <= 60
    assert "\x1b" not in before + after


def test_short_values_are_shown_whole() -> None:
    assert value_pair("old", "new") == ("old", "new")
    assert value_pair(1, 2) == ("1", "2")


@pytest.mark.parametrize("name", PAIRS)
def test_every_line_fits_in_80_columns(name: str) -> None:
    old, new, _ = PAIRS[name]
    deep: Any = {
        "resourceType": "Basic",
        "aLongNameOfAnElement" * 3: {"another" * 6: {"text": old}},
    }
    other: Any = {
        "resourceType": "Basic",
        "aLongNameOfAnElement" * 3: {"another" * 6: {"text": new}},
    }
    lines = list(difference_lines(differences(deep, other), Style(False, 80, 50), lambda _: None))
    assert lines
    assert max(map(width, lines)) <= 80
