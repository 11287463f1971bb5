"""Markdown in narratives: only what FHIR allows, and always XML."""

from __future__ import annotations

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from fhir_kb.compile.markdown import _TAGS, ResolvedLink, html


def tree(markdown: str):
    return fromstring(f"<div>{html(markdown)}</div>")


def test_nested_bullets_stay_nested() -> None:
    made = html("- one\n  - two\n    - three\n")
    assert (
        made.replace("\n", "")
        == "<ul><li>one<ul><li>two<ul><li>three</li></ul></li></ul></li></ul>"
    )


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a & b < c", "<p>a &amp; b &lt; c</p>"),
        ("one  \ntwo", "<p>one<br />\ntwo</p>"),
        (
            "[x](https://a.example/?a=1&b=2)",
            '<p><a href="https://a.example/?a=1&amp;b=2">x</a></p>',
        ),
        ("![a picture](https://a.example/p.png)", "<p>a picture</p>"),
        ("see [it](#below)", "<p>see it</p>"),
        ("a\u00a0b &nbsp; c", "<p>a\u00a0b \u00a0 c</p>"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("bell \x07 gone", "<p>bell  gone</p>"),
    ],
)
def test_it_becomes_xhtml(markdown: str, expected: str) -> None:
    assert html(markdown).replace("<br/>", "<br />") == expected


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,hi)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        '[x](https://a.example "onmouseover=alert(1)")',
        "<img src=x onerror=alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "| a |\n|---|\n| <iframe src='https://a.example'></iframe> |",
        "```html\n<script>alert(1)</script>\n```",
    ],
)
def test_nothing_active_comes_through(markdown: str) -> None:
    for node in tree(markdown).iter():
        assert node.tag in _TAGS
        assert set(node.attrib) <= {"href", "title", "start"}
        assert not node.get("href", "").lower().startswith(("javascript:", "data:", "vbscript:"))


@given(
    st.text(alphabet=st.sampled_from("ab1 \n-*_#`[]()<>|!&;:/\\\"'=~.\t\u00a0\x00"), max_size=60)
)
def test_whatever_is_written_is_well_formed_and_allowed(markdown: str) -> None:
    assert {node.tag for node in tree(markdown).iter()} <= _TAGS


def test_links_of_the_page_become_words() -> None:
    def resolve(kind: str, target: str, more: str) -> ResolvedLink:
        return ResolvedLink(
            f"<{kind} {target} {more}>", "https://a.example" if kind == "reference" else None
        )

    assert html("[[x|the x]] and [[y]]", resolve) == (
        "<p>&lt;thing x the x&gt; and &lt;thing y &gt;</p>"
    )
    assert html("as in [@doe, p. 3].", resolve) == (
        '<p>as in <a href="https://a.example">&lt;reference doe p. 3&gt;</a>.</p>'
    )


def test_in_code_they_are_no_links() -> None:
    assert html("`[[x]]`", lambda *_: ResolvedLink("no", None)) == "<p><code>[[x]]</code></p>"
