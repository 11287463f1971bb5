"""Regular expressions of unknown origin: the right answer, or a clear refusal, and soon."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_kb.fhirpath import FHIRPathExecutionError, FHIRPathLimitError
from fhir_kb.fhirpath.regex import matches, replace
from fhir_kb.fhirpath.regex.automaton import Automaton
from fhir_kb.fhirpath.regex.tree import paths, read

PATTERNS = [
    "",
    "a",
    "a*",
    "(a|b)*c",
    "^a+b?$",
    "[a-c]{2,3}",
    "[^a]b",
    r"\d+\.\d{2}",
    r"\bab\b",
    r"a\Bb",
    "(a(b(c)?)?)?$",
    "(ab|a)(c|bcd)",
    ".{3}",
    r"[\w.]+@[\w]+",
    "a{0}b",
    "(?:a|ab){2}c",
    r"\.",
    "[]a]",
    "[a\\]b]+",
    "^$",
    "a|^b|c$",
]
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "abc",
    "abcd",
    "a b",
    "ba\nab",
    "1.50",
    "x1.234",
    "a@b",
    "]",
    "ac",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("flags", ["", "i", "m"])
def test_the_automaton_agrees_with_python(pattern, full, flags):
    tree, python = read(pattern, multiline="m" in flags)
    automaton = Automaton(tree, ignores_case="i" in flags, multiline="m" in flags)
    options = re.DOTALL | (re.IGNORECASE if "i" in flags else 0)
    options |= re.MULTILINE if "m" in flags else 0
    oracle = re.compile(python, options)
    for text in (*TEXTS, *(text.upper() for text in TEXTS)):
        expected = (oracle.fullmatch if full else oracle.search)(text) is not None
        assert automaton.matches(text, full=full) is expected, text


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.sampled_from(["a", "b", ".", "[ab]", "^", "$", r"\b"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}"])).map(
                lambda pair: f"(?:a?{pair[0]}){pair[1]}"
            ),
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        ),
        max_leaves=6,
    ),
    st.text("ab\n ", max_size=6),
)
def test_random_patterns_give_what_python_gives(pattern, text):
    tree, python = read(pattern)
    automaton = Automaton(tree, ignores_case=False, multiline=False)
    expected = re.compile(python, re.DOTALL).search(text) is not None
    assert automaton.matches(text, full=False) is expected


EXPLOSIVE = [
    r"^(a+)+$",
    r"^(a|a)*$",
    r"^(a|aa)+$",
    r"(.*a){12}$",
    r"^(\w+\s?)*$",
    r"(x+x+)+y",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    ".*.*.*.*.*.*=.*",
]


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_explosive_patterns_are_answered_in_time(pattern):
    start = time.process_time()
    assert isinstance(matches(pattern, "a" * 2000 + "!"), bool)
    assert time.process_time() - start < 5


def test_an_explosive_replacement_is_refused():
    with pytest.raises(FHIRPathLimitError):
        replace(r"(a+)+$", "a" * 100 + "!", "x")


def test_what_only_backtracking_can_do_is_for_short_texts():
    assert matches(r"(a)\1", "aa") is True
    assert matches(r"a(?!b)", "ac") is True
    with pytest.raises(FHIRPathLimitError):
        matches(r"^(a+)+\1$", "a" * 200)


def test_a_huge_pattern_or_text_is_refused():
    with pytest.raises(FHIRPathLimitError):
        matches("a" * 10_000, "a")
    with pytest.raises(FHIRPathLimitError):
        matches("((a{0,900}){0,900}b)*", "a" * 3000)


@pytest.mark.parametrize("pattern", ["(", "[", "*a", "a{2,1}", "(?P<x", "a**", "\\"])
def test_what_is_no_pattern_is_an_error(pattern):
    with pytest.raises(FHIRPathExecutionError):
        matches(pattern, "text")


def test_the_end_of_the_text_is_its_end():
    assert matches("^a$", "a\n") is False
    assert matches("^a$", "a\nb", flags="m") is True


def test_substitutions_name_groups():
    assert replace("(a)(b)", "ab", "$2$1") == "ba"
    assert replace("(?<x>a)", "a", "[${x}]") == "[a]"
    assert replace("a", "a", "\\\\0 \\0") == "\\0 a"
    assert replace("(a)|(b)", "ab", "<$1$2>") == "<a><b>"
    with pytest.raises(FHIRPathExecutionError):
        replace("a", "a", "$1")


def test_the_bound_on_paths_is_never_too_low():
    """An exponential pattern must never look quick."""
    for pattern in EXPLOSIVE:
        tree, _ = read(pattern)
        assert paths(tree, 2000) > 10**8
