import pytest

from fhir_kb.diagnostics.render.terminal_text import terminal_safe, visible_character, width


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("step", 4),
        ("é", 1),
        ("e\u0301", 1),  # e and a combining acute accent
        ("鍼治療", 6),  # East Asian wide
        ("ﾊﾘ", 2),  # halfwidth katakana
        ("\uff21", 2),  # a fullwidth A
        ("a\u200db", 2),  # a zero width joiner
    ],
)
def test_width_in_cells(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(("cell", "spaces"), [(0, 4), (1, 3), (3, 1), (4, 4)])
def test_a_tab_reaches_to_the_next_stop(cell: int, spaces: int) -> None:
    assert visible_character("\t", cell) == " " * spaces


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[2J", "␛[2J"),  # would clear the screen
        ("\x07", "␇"),
        ("\x7f", "␡"),
        ("\x9b31m", "<U+009B>31m"),  # the one-character form of ESC [
        ("a\u202eb", "a<U+202E>b"),  # would turn the rest of the line around
        ("\udcff", "<U+DCFF>"),  # a byte of a file name that is not UTF-8
        ("two\nlines\tand\r", "two lines and "),
        ("plain „Text“ 鍼", "plain „Text“ 鍼"),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_left(foreign: str, shown: str) -> None:
    assert terminal_safe(foreign) == shown
