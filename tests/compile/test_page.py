"""The page: sections, links, what every page ends with."""

from __future__ import annotations

from pathlib import Path

from compiling import clean, compiled

PAGE = """\
# Sepsis

Before the sections.

## What to do {#do}

- first
  - [[looking|look]] closely [@doe-2001, p. 3]

### In detail

Then [[looking]].

## Why it might work {#why .theory}

Nobody knows.
"""
REFERENCES = "doe-2001: {type: book, title: A book, authors: [Doe J], published: 2001}\n"
TOPIC = "activities: {looking: {title: Looking at it}}\nterms: {adult: A person of age}\n"


def page_of(folder: Path, topic: str = TOPIC, page: str = PAGE, **more: str):
    made = clean(folder, topic, files={"page.md": page, "references.yaml": REFERENCES}, **more)
    return made["Composition/sepsis"]


def test_sections_nest_as_headings_do(tmp_path: Path) -> None:
    made = page_of(tmp_path)
    titles = [one["title"] for one in made["section"]]
    assert titles[:2] == ["What to do", "Why it might work"]
    assert [one["title"] for one in made["section"][0]["section"]] == ["In detail"]
    assert [one["id"] for one in made["section"][:2]] == ["do", "why"]


def test_links_are_words_in_the_text_and_references_beside_it(tmp_path: Path) -> None:
    section = page_of(tmp_path)["section"][0]
    assert "<li>look closely (Doe 2001, p. 3)</li>" in section["text"]["div"]
    assert [one["reference"] for one in section["entry"]] == [
        "ActivityDefinition/sepsis.looking",
        "Citation/sepsis.doe-2001",
    ]
    assert "<p>Then looking.</p>" in section["section"][0]["text"]["div"]


def test_a_theory_says_that_it_is_one(tmp_path: Path) -> None:
    section = page_of(tmp_path)["section"][1]
    assert section["code"] == {"text": "Theory (mechanism not established)"}
    assert "<p><b>Theory (mechanism not established)</b></p>" in section["text"]["div"]


def test_a_page_ends_with_terms_references_and_rights(tmp_path: Path) -> None:
    kb = "funding: Nobody paid\ndisclaimer: Take care\ncopyright: The ward\n"
    sections = page_of(tmp_path, kb=kb)["section"][2:]
    assert [one["title"] for one in sections] == [
        "Terms",
        "References",
        "Funding and editorial independence",
        "Disclaimer",
        "Copyright",
    ]
    assert "<dt>Adult</dt><dd><p>A person of age</p></dd>" in sections[0]["text"]["div"]
    assert sections[1]["entry"][0]["reference"] == "Citation/sepsis.doe-2001"


def test_the_plan_shows_the_whole_page(tmp_path: Path) -> None:
    files = {"page.md": PAGE, "references.yaml": REFERENCES}
    made = clean(tmp_path, TOPIC, files=files)["PlanDefinition/sepsis"]
    assert made["text"]["status"] == "additional"
    for words in ("Before the sections.", '<h3 id="do">What to do</h3>', "Nobody knows."):
        assert words in made["text"]["div"]


def test_terms_can_be_read_by_programs(tmp_path: Path) -> None:
    made = clean(tmp_path, TOPIC)["PlanDefinition/sepsis"]
    (term,) = made["extension"]
    assert term["url"] == "http://hl7.org/fhir/StructureDefinition/cqf-definitionTerm"
    assert term["extension"] == [
        {"url": "term", "valueString": "Adult"},
        {"url": "definition", "valueMarkdown": "A person of age"},
    ]


def test_a_section_of_nothing_has_its_title_to_read(tmp_path: Path) -> None:
    section = page_of(tmp_path, "", "# T\n\n## Empty\n")["section"][0]
    assert ">Empty<" in section["text"]["div"]


def test_a_link_that_names_nothing_is_found_in_its_line(tmp_path: Path) -> None:
    made = compiled(tmp_path, files={"page.md": "# T\n\n## S\n\nSee [[nowhere]].\n"})
    (found,) = made.diagnostics
    assert (found.code, found.span.line, found.span.column) == ("KB399", 5, 5)


def test_the_page_points_to_its_plan(tmp_path: Path) -> None:
    made = page_of(tmp_path)
    assert made["subject"][0]["reference"] == "PlanDefinition/sepsis"
    assert (made["status"], made["date"]) == ("preliminary", "2025-02-03")
    assert made["author"] == [{"display": "The ward"}]
