import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_kb.diagnostics import Span
from fhir_kb.diagnostics.render.excerpt import Excerpt, excerpt, lines_of
from fhir_kb.diagnostics.render.terminal_text import width


def marked(line: str, start: int, end: int, room: int = 70) -> tuple[str, str]:
    """The shown line, and the part of it that stands above the mark; for lines of width 1."""
    found = excerpt([line], Span("f", 1, start, 1, end), room)
    assert found is not None
    return found.line, found.line[found.indent : found.indent + found.length]


def test_the_mark_is_under_the_word() -> None:
    line = "          after: withdrawl"
    assert marked(line, 18, 27) == (line, "withdrawl")


def test_wide_characters_take_two_cells_before_and_below_the_mark() -> None:
    found = excerpt(["題: 鍼治療 x"], Span("f", 1, 4, 1, 7), 70)
    assert found == Excerpt("題: 鍼治療 x", indent=4, length=6)


def test_a_tab_is_as_wide_as_it_is_shown() -> None:
    found = excerpt(["\tkey: x"], Span("f", 1, 2, 1, 5), 70)
    assert found == Excerpt("    key: x", indent=4, length=3)


def test_control_characters_are_shown_and_counted() -> None:
    found = excerpt(["a\x1bb: x"], Span("f", 1, 3, 1, 4), 70)
    assert found == Excerpt("a␛b: x", indent=2, length=1)


def test_a_place_without_length_gets_one_mark() -> None:
    assert marked("key:", 5, 5) == ("key:", "")  # after the end: the mark stands beyond the text
    found = excerpt(["key:"], Span("f", 1, 5, 1, 5), 70)
    assert found is not None
    assert (found.indent, found.length) == (4, 1)


def test_a_place_of_several_lines_is_marked_to_the_end_of_the_first() -> None:
    found = excerpt(["text: >-", "  more"], Span("f", 1, 7, 2, 3), 70)
    assert found == Excerpt("text: >-", indent=6, length=2)


def test_a_long_line_is_cut_on_the_right() -> None:
    line, part = marked("word " * 40, 6, 10, room=40)
    assert part == "word"
    assert line.endswith("…")
    assert len(line) <= 40


def test_a_long_line_is_cut_on_both_sides_around_a_place_far_to_the_right() -> None:
    line, part = marked("x" * 300 + "HERE" + "x" * 300, 301, 305, room=40)
    assert part == "HERE"
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) <= 40


@pytest.mark.parametrize("line", [0, 2, 99])
def test_a_line_that_the_file_does_not_have_is_not_shown(line: int) -> None:
    assert excerpt(["only"], Span("f", line, 1, line, 2), 70) is None


def test_columns_beyond_the_line_do_no_harm() -> None:
    found = excerpt(["ab"], Span("f", 1, 900, 1, 905), 70)
    assert found == Excerpt("ab", indent=2, length=1)


def test_one_line_of_json_is_shown_around_the_place_however_long_it_is() -> None:
    short = marked("x" * 300 + "HERE" + "x" * 300, 301, 305, room=40)
    assert marked("x" * 900_000 + "HERE" + "x" * 900_000, 900_001, 900_005, room=40) == short


@given(
    line=st.text(max_size=200),
    start=st.integers(1, 220),
    length=st.integers(0, 50),
    room=st.integers(20, 90),
)
def test_whatever_the_line_it_fits_and_the_mark_is_within_it(
    line: str, start: int, length: int, room: int
) -> None:
    found = excerpt([line], Span("f", 1, start, 1, start + length), room)
    assert found is not None
    assert width(found.line) <= room
    assert found.indent <= room
    assert "\x1b" not in found.line


def test_lines_are_those_that_yaml_counts() -> None:
    assert lines_of("a\r\nb\rc\x85d\u2028e", "x.yaml") == ["a", "b", "c", "d", "e"]
    assert lines_of("a\x85b\nc", "page.md") == ["a\x85b", "c"]


def test_a_byte_order_mark_is_no_column() -> None:
    assert lines_of("\ufefftopic: x", "topic.yaml") == ["topic: x"]
