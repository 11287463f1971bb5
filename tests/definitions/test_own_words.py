"""What the shipped topics say is said in our own words; the one quotation is marked as such."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
from environ import SHARED
from shipped import DEFINITIONS, everything, topic

from fhir_kb.model.activity import Dosage, Related
from fhir_kb.model.evidence import Quote
from fhir_kb.model.page import Section
from fhir_kb.model.record import Record
from fhir_kb.model.text import Text
from fhir_kb.model.topic import Library
from fhir_kb.model.walk import records

pytestmark = pytest.mark.lab
RUN = 8
# Names of others' works are theirs, and a dose has few ways to be said.
NOT_PROSE = (Quote, Related, Library, Dosage)
ANTHRAX = "suites/apply/anthrax-r4"


def test_no_sentence_of_the_source_page_is_copied() -> None:
    page = SHARED / "source/dry-needling-page.txt"
    if not page.exists():
        pytest.skip("../shared is not here")
    quote = topic("dry-needling").topic.evidence[0].quote
    assert quote is not None
    quoted = _runs(quote.text)
    copied = _runs(page.read_text("utf-8"))
    for file in sorted(DEFINITIONS.rglob("*.*")):
        # Comments and keys count too: the file as it is.
        text = file.read_text("utf-8").replace(">-", "")
        assert (_runs(text) & copied) - quoted == set(), file


def test_the_quotation_is_the_source_pages() -> None:
    page = SHARED / "source/dry-needling-page.txt"
    if not page.exists():
        pytest.skip("../shared is not here")
    quote = topic("dry-needling").topic.evidence[0].quote
    assert quote is not None
    assert _words(quote.text) in _words(page.read_text("utf-8"))


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        ("protein-in-ckd", "suites/corpora/cpg-r4/PlanDefinition-va-ckd-recommendations.json"),
        ("anthrax-prophylaxis", f"{ANTHRAX}/*/A*.*"),
        ("anthrax-vaccination", f"{ANTHRAX}/*/A*.*"),
    ],
)
def test_no_sentence_of_an_open_source_is_copied(folder: str, files: str) -> None:
    found = sorted(SHARED.glob(files))
    if not found:
        pytest.skip("../shared is not here")
    theirs = set().union(*(_runs(file.read_text("utf-8")) for file in found))
    source = everything()[2][folder]
    assert source.page is not None
    ours = [*_prose(source.topic), source.page.lead, *_sections(source.page.sections)]
    assert [text for text in ours if _runs(text) & theirs] == []


def _prose(record: Record) -> Iterator[str]:
    for one in records(record):
        if isinstance(one, NOT_PROSE):
            continue
        for field in dataclasses.fields(one):
            value = getattr(one, field.name)
            if isinstance(value, Text):
                yield value


def _sections(sections: tuple[Section, ...]) -> Iterator[str]:
    for section in sections:
        yield f"{section.title}\n{section.markdown}"
        yield from _sections(section.sections)


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.casefold()))


def _runs(text: str) -> set[str]:
    """Every run of eight words."""
    words = _words(text).split()
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
