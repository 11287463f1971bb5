"""Long lists in narratives: in parts that a reader can jump to, with what FHIR allows."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from compiling import clean

from fhir_kb.compile.narrative import bullets, definitions


def test_a_list_of_a_hundred_is_in_one_piece() -> None:
    assert bullets("x" for _ in range(100)) == f"<ul>{'<li>x</li>' * 100}</ul>"
    assert bullets(["", ""]) == ""


def test_a_thousand_items_are_in_parts_with_links() -> None:
    found = bullets(f"item <b>{number} &amp; more</b>" for number in range(1, 1001))
    tree = ET.fromstring(f"<div>{found}</div>")
    links = {link.get("href", "")[1:] for link in tree.iter("a")}
    anchors = [element.get("id") for element in tree.iter() if element.get("id")]
    assert links == set(anchors)
    assert len(anchors) == len(set(anchors)) == 21
    assert "<b>1,000 in 20 parts</b>" in found
    assert ">951 to 1000</a>: item 951 &amp; more</li>" in found
    parts = tree.findall("ul")[1:]
    assert [len(part) for part in parts] == [50] * 20
    texts = ["".join(item.itertext()) for part in parts for item in part]
    assert texts == [f"item {number} & more" for number in range(1, 1001)]


@pytest.mark.parametrize("count", [101, 2001, 50_000])
def test_the_links_are_never_many(count: int) -> None:
    found = bullets(["x"] * count)
    assert found.count("<li>x</li>") == count
    assert 3 <= len(re.findall(r'<p id="list-\w+-\d+">', found)) <= 41


def test_many_terms_are_in_parts_as_well() -> None:
    found = definitions((f"t{number}", "d") for number in range(150))
    assert (found.count("<dl>"), found.count("<dt>")) == (3, 150)


def test_the_codes_of_a_value_set_are_under_one_head_with_words(tmp_path: Path) -> None:
    concepts = "ill: {text: Ill & weak, snomed: 39104002}\nwell: {text: Well, snomed: 271593001}\n"
    topic = "value-sets: {states: {title: States, include: [ill, well]}}\n"
    made = clean(tmp_path, topic, concepts=concepts)["ValueSet/sepsis.states"]
    div = made["text"]["div"]
    assert div.count("Codes of http://snomed.info/sct") == 1
    assert "<code>39104002</code> Ill &amp; weak</li>" in div
    assert "<code>271593001</code> Well</li>" in div
    assert "display" not in made["compose"]["include"][0]["concept"][0]
