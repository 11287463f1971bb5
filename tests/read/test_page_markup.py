"""Pages with more than prose: what is taken over, and what would be printed as signs."""

from __future__ import annotations

import pytest

from fhir_kb.read.markdown import read_page


def findings(text: str) -> list[str]:
    return [f"{one.span.line}:{one.span.column} {one.code}" for one in read(text)[1]]


def read(text: str):
    return read_page(text.encode(), "page.md")


REFUSED = {
    "an image without words": ("see ![](elbow.png)", ["1:5 KB136"]),
    "an image with blank words": ("![ ](elbow.png)", ["1:1 KB136"]),
    "an image by a definition": ("![][e]\n\n[e]: elbow.png", ["1:1 KB136"]),
    "the second of two images": ("![a](a.png) ![](b.png)", ["1:13 KB136"]),
    "an image with a blank in its name": ("![a](my elbow.png)", ["1:1 KB147"]),
    "a footnote without text": ("word[^1]", ["1:5 KB146"]),
    "a footnote of another name": ("word[^a]\n\n[^b]: text", ["1:5 KB146", "3:1 KB146"]),
    "a footnote without a reference": ("word\n\n[^1]: text", ["3:1 KB146"]),
    "two footnotes of one name": ("a[^1]\n\n[^1]: x\n[^1]: y", ["4:1 KB146"]),
    "an inline footnote": ("word^[more of it]", ["1:5 KB147"]),
    "struck words": ("take ~~5~~ 10 mg", ["1:6 KB147"]),
    "strike-through that does not end": ("~~never", ["1:1 KB147"]),
    "a table without dashes": ("| Age | Dose |\n| 2 | 250 mg |", ["1:1 KB147"]),
    "a table with too few dashes": ("Age | Dose\n--- |\n2 | 250 mg", ["1:5 KB147"]),
    "a row with more cells than columns": (
        "| Age | Dose |\n|---|---|\n| 2 | 250 mg | not with milk |",
        ["3:1 KB147"],
    ),
    "a bar in a cell": ("| a | b |\n|---|---|\n| `x|y` | z |", ["3:1 KB147"]),
    "a link of a cell": ("| a |\n|---|\n| [[look\\|looks]] |", []),
    "a link without a definition": ("see [the trial][doe]", ["1:15 KB147"]),
    "a link with a blank in its address": ("[x](my file.md)", ["1:3 KB147"]),
    "an alert": ("> [!WARNING]\n> Not over the lung.", ["1:3 KB147"]),
    "a fenced note": ("::: warning\nNo\n:::", ["1:1 KB147"]),
    "front matter": ("---\ntitle: x\n---\n", ["1:1 KB147"]),
    "an image in a heading": ("## The elbow ![e](e.png)", ["1:4 KB147"]),
    "a footnote in a heading": ("## The elbow[^1]\n\nx[^1]\n\n[^1]: y", ["1:4 KB147"]),
    "struck words in a heading": ("## Dose ~~5~~ 10 mg", ["1:4 KB147"]),
    "a citation in a heading": ("## Dose [@doe]", ["1:4 KB147"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_signs_that_would_be_printed_are_refused(text: str, expected: list[str]) -> None:
    assert findings(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "`![](x.png)`, `[^1]`, `~~` and `^[`",
        r"\~\~ and \[^1] and !\[] and \| a |",
        "```\n| a |\n[^1]\n```",
        "about ~5 mg, p < 0.05, [1][2], |x| < 2",
        "- [ ] one\n- [x] two",
        "| a | b |\n|:--|--:|\n| 1 | x \\| y |\n| 2 |",
        "> | a |\n> |---|\n> | 1 |",
        "[x][doe]\n\n## Later\n\n[doe]: https://kb.test",
    ],
)
def test_what_is_markup_or_meant_as_text_is_fine(text: str) -> None:
    assert findings(text) == []


def test_footnotes_are_of_the_whole_page_in_the_order_of_their_use() -> None:
    page, found = read(
        "Lead[^b].\n\n## One\n\nText[^a] and[^b].\n\n[^a]: See [[looking]]\n    twice.\n\n"
        "    Still the note.\n\n## Two\n\n[^b]: Other.\nThis goes on.\n\nNot any more.\n"
    )
    assert not found
    assert page is not None
    assert [(one.name, one.markdown) for one in page.footnotes] == [
        ("b", "Other.\nThis goes on."),
        ("a", "See [[looking]]\ntwice.\n\nStill the note."),
    ]
    assert [link.target for link in page.footnotes[1].links] == ["looking"]
    assert page.lead_footnotes == ("b",)
    assert [section.footnotes for section in page.sections] == [("a", "b"), ()]
    assert page.sections[1].markdown.strip() == "Not any more."


def test_a_heading_is_its_words() -> None:
    page, found = read("## *Dose* for [[adults|grown-ups]], `x` and A\\*B {#dose}\n")
    assert not found
    assert page is not None
    (section,) = page.sections
    assert (section.title, section.id) == ("Dose for grown-ups, x and A*B", "dose")
    assert [link.target for link in section.links] == ["adults"]
