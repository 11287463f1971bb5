"""References in words, as Citing Medicine has them (https://www.ncbi.nlm.nih.gov/books/NBK7256/)."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import clean, read

from fhir_kb import releases
from fhir_kb.compile.citation_text import (
    citation_link,
    first_and_last_page,
    full_citation,
    short_citation,
)

WORKS = {
    "article": """
type: article
title: Acupuncture and dry-needling for low back pain
authors: [Furlan AD, van Tulder MW]
et-al: true
journal: {title: Cochrane Database of Systematic Reviews, abbreviation: Cochrane Database Syst Rev}
published: 2005-01-25
issue: "1"
article-number: CD001351
doi: 10.1002/14651858.CD001351.pub2
pmid: "15674876"
""",
    "book": """
type: book
title: The trigger point manual
authors: [Travell JG, Simons DG]
edition: 2nd
place: Baltimore
publisher: Williams and Wilkins
published: 1999
""",
    "chapter": """
type: chapter
title: Muscle pain
authors: [{name: The Pain Group, group: true}]
editors: [Doe J, Roe R]
journal: Textbook of pain
publisher: A Press
published: 2001
pages: 12-18
""",
    "web-page": """
type: web-page
title: Low back pain
publisher: Health Service
published: 2021
revised: 2022
accessed: 2023-05-03
url: https://health.example/back
""",
    "retracted": """
type: article
title: "Needles: do they work?"
journal: A Journal
volume: "12"
pages: 1-2
published: 2011-03
retracted: true
""",
}
EXPECTED = {
    "article": "Furlan AD, van Tulder MW, et al. Acupuncture and dry-needling for low back pain. "
    "Cochrane Database Syst Rev. 2005 Jan 25;(1):CD001351. "
    "doi:10.1002/14651858.CD001351.pub2. PMID: 15674876.",
    "book": "Travell JG, Simons DG. The trigger point manual. 2nd ed. "
    "Baltimore: Williams and Wilkins; 1999.",
    "chapter": "The Pain Group. Muscle pain. In: Doe J, Roe R, editors. Textbook of pain. "
    "A Press; 2001. p. 12-18.",
    "web-page": "Low back pain [Internet]. Health Service; 2021 [revised 2022; cited 2023 May 3]. "
    "Available from: https://health.example/back.",
    "retracted": "RETRACTED. Needles: do they work? A Journal. 2011 Mar;12:1-2.",
}
SHORT = {
    "article": "Furlan et al. 2005",
    "book": "Travell and Simons 1999",
    "chapter": "The Pain Group 2001",
    "web-page": "Low back pain 2021",
    "retracted": "Needles: do they work? 2011",
}


def references(name: str) -> str:
    lines = WORKS[name].strip().splitlines()
    return "work:\n" + "".join(f"  {line}\n" for line in lines)


@pytest.mark.parametrize("name", WORKS)
def test_a_work_in_full_and_in_short(tmp_path: Path, name: str) -> None:
    source, _ = read(tmp_path, files={"references.yaml": references(name)})
    (work,) = source.references
    assert full_citation(work) == EXPECTED[name]
    assert short_citation(work) == SHORT[name]


def test_more_than_six_authors_are_cut(tmp_path: Path) -> None:
    people = ", ".join(f"Doe {letter}" for letter in "ABCDEFG")
    text = f"work: {{type: book, title: T, authors: [{people}]}}\n"
    source, _ = read(tmp_path, files={"references.yaml": text})
    assert full_citation(source.references[0]).startswith(
        "Doe A, Doe B, Doe C, Doe D, Doe E, Doe F, et al."
    )


def test_it_is_found_by_its_doi(tmp_path: Path) -> None:
    source, _ = read(tmp_path, files={"references.yaml": references("article")})
    assert citation_link(source.references[0]) == "https://doi.org/10.1002/14651858.CD001351.pub2"


def test_wherever_a_work_is_named_it_can_be_read(tmp_path: Path) -> None:
    """R4 has no Citation: words and address stand beside the reference to it."""
    topic = "activities: {look: {title: Look, from: work}}\n"
    made = clean(tmp_path, topic, files={"references.yaml": references("article")})
    (related,) = made["ActivityDefinition/sepsis.look"]["relatedArtifact"]
    assert related["citation"] == EXPECTED["article"]
    assert related["document"]["url"] == "https://doi.org/10.1002/14651858.CD001351.pub2"
    assert related["resourceReference"]["reference"] == "Citation/sepsis.work"
    assert "Citation/sepsis.work" in made


def test_a_citation_has_the_parts(tmp_path: Path) -> None:
    made = clean(tmp_path, files={"references.yaml": references("article")})
    work = made["Citation/sepsis.work"]["citedArtifact"]
    assert work["identifier"][0] == {
        "system": "https://doi.org",
        "value": "10.1002/14651858.CD001351.pub2",
    }
    assert work["publicationForm"][0]["accessionNumber"] == "CD001351"
    assert work["contributorship"]["complete"] is False
    assert [one["contributor"]["display"] for one in work["contributorship"]["entry"]] == [
        "Furlan AD",
        "van Tulder MW",
    ]


@pytest.mark.parametrize(
    ("pages", "first", "last"),
    [("674-82", "674", "682"), ("12-18", "12", "18"), ("e12-e15", "e12", "e15"), ("9", "9", ""),
     ("S12\u201320", "S12", "20"), ("99-101", "99", "101"), ("1183-1203", "1183", "1203")],
)  # fmt: skip
def test_pages_are_written_in_full(pages: str, first: str, last: str) -> None:
    assert first_and_last_page(pages) == (first, last)


def test_a_doi_in_sici_form_is_encoded_where_it_is_an_address(tmp_path: Path) -> None:
    doi = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"
    text = f"work: {{type: article, title: T, doi: '{doi}'}}\n"
    topic = "activities: {look: {title: Look, from: work}}\n"
    made = clean(tmp_path, topic, files={"references.yaml": text})
    work = made["Citation/sepsis.work"]["citedArtifact"]
    assert work["identifier"][0]["value"] == doi
    encoded = doi.replace("<", "%3C").replace(">", "%3E")
    assert work["webLocation"][0]["url"] == f"https://doi.org/{encoded}"
    (related,) = made["ActivityDefinition/sepsis.look"]["relatedArtifact"]
    assert related["document"]["url"] == f"https://doi.org/{encoded}"
    assert f"doi:{doi}" in related["citation"]


def test_the_isbn_of_a_chapter_is_that_of_its_book(tmp_path: Path) -> None:
    text = references("chapter") + "  isbn: 978-0-306-40615-7\n"
    work = clean(tmp_path, files={"references.yaml": text})["Citation/sepsis.work"]["citedArtifact"]
    isbn = {"system": "urn:ietf:rfc:3986", "value": "urn:isbn:978-0-306-40615-7"}
    assert work["publicationForm"][0]["publishedIn"]["identifier"] == [isbn]
    assert "identifier" not in work


def test_a_notice_and_what_it_retracts_name_each_other(tmp_path: Path) -> None:
    text = (
        "trial: {type: article, title: A trial, published: 2010, retracted: true}\n"
        "notice: {type: retraction-notice, title: Retraction, published: 2012, retracts: trial}\n"
    )
    made = clean(tmp_path, files={"references.yaml": text})
    url = "https://kb.test/fhir/Citation/sepsis"
    assert made["Citation/sepsis.notice"]["citedArtifact"]["relatesTo"] == [
        {"type": "retracts", "display": "A trial 2010", "resource": f"{url}.trial|1.0.0"}
    ]
    assert made["Citation/sepsis.trial"]["citedArtifact"]["relatesTo"] == [
        {"type": "retracted-by", "display": "Retraction 2012", "resource": f"{url}.notice|1.0.0"}
    ]


def test_a_retracted_work_says_so(tmp_path: Path) -> None:
    made = clean(tmp_path, files={"references.yaml": references("retracted")})
    (state,) = made["Citation/sepsis.work"]["citedArtifact"]["currentState"]
    assert state["coding"][0]["code"] == "retracted"


@pytest.mark.parametrize(
    ("kind", "profile"),
    [
        ("article", "journal-article"),
        ("book", "book"),
        ("chapter", "book-part"),
        ("preprint", "preprint"),
        ("dataset", "dataset"),
        ("software", "software"),
        ("web-page", "web-page"),
        ("report", None),
    ],
)
def test_the_profile_of_ebmonfhir_is_claimed(
    kind: str, profile: str | None, tmp_path: Path
) -> None:
    text = f"work: {{type: {kind}, title: T, journal: J, url: 'https://ward.example/a'}}\n"
    compiled = clean(tmp_path, files={"references.yaml": text})["Citation/sepsis.work"]
    (made,) = releases.get("r5").lower(compiled).resources
    claimed = made.get("meta", {}).get("profile", [])
    ebm = "http://hl7.org/fhir/uv/ebm/StructureDefinition/"
    assert claimed == ([f"{ebm}{profile}-citation"] if profile else [])
