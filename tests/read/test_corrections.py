"""What has the wrong form is answered with the form that is right."""
# ruff: noqa: E501  a table reads better with one mistake on a line

from __future__ import annotations

import pytest

from fhir_kb.diagnostics import Diagnostic
from fhir_kb.model.record import Record
from fhir_kb.model.reference import References
from fhir_kb.model.topic import Topic
from fhir_kb.read.decode import decode
from fhir_kb.read.inline_markup import plain_title
from fhir_kb.read.yaml import load

WORK = "w: {type: article, title: T, "
TOPIC = "topic: a\ntitle: A\nsummary: S\n"
ANSWERS = {
    "DOI as an address": (References, WORK + "doi: https://doi.org/10.1000/x1}", "10.1000/x1"),
    "DOI of the old host": (References, WORK + "doi: http://dx.doi.org/10.1000/x1}", "10.1000/x1"),
    "DOI with a label": (References, WORK + 'doi: "doi:10.1000/x1"}', "10.1000/x1"),
    "PMID with a label": (References, WORK + "pmid: PMID 24171937}", "24171937"),
    "PMID as an address": (
        References,
        WORK + "pmid: https://pubmed.ncbi.nlm.nih.gov/24171937/}",
        "24171937",
    ),
    "PMCID without letters": (References, WORK + "pmcid: 3781883}", "PMC3781883"),
    "PMCID in small letters": (References, WORK + "pmcid: pmc3781883}", "PMC3781883"),
    "ISSN without a hyphen": (References, WORK + "journal: {title: J, issn: 1469493x}}", "1469-493X"),
    "ORCID as an address": (
        References,
        WORK + "authors: [{name: A, orcid: https://orcid.org/0000-0002-1825-0097}]}",
        "0000-0002-1825-0097",
    ),
    "three letters of a language": (References, WORK + "language: eng}", "en"),
    "bibliographic letters": (References, WORK + "language: ger}", "de"),
    "short version": (Topic, TOPIC + "version: 1.0", "1.0.0"),
    "version with a letter": (Topic, TOPIC + "version: v1.2.3", "1.2.3"),
    "date without zeros": (Topic, TOPIC + "date: 2026-1-5", "2026-01-05"),
    "date with slashes": (Topic, TOPIC + "date: 2026/01/05", "2026-01-05"),
    "country that is not one": (Topic, TOPIC + "jurisdiction: UK", "GB"),
    "host without a scheme": (Topic, TOPIC + "uses: [www.ward.example/a]", "https://www.ward.example/a"),
    "name with capitals": (Topic, TOPIC + "activities: {Look here: {title: x}}", "look-here"),
    "weeks": (
        Topic,
        TOPIC + "activities: {a: {title: x, timing: {for: 2 weeks}}}",
        "2 wk",
    ),
}  # fmt: skip


def findings(root: type[Record], text: str) -> tuple[Diagnostic, ...]:
    node, wrong = load(text.encode(), "a.yaml")
    assert node is not None, wrong
    return decode(node, root, "a.yaml")[1]


@pytest.mark.parametrize(("root", "text", "meant"), ANSWERS.values(), ids=ANSWERS)
def test_the_form_that_is_right_is_given(root: type[Record], text: str, meant: str) -> None:
    (finding,) = findings(root, text)
    assert finding.code == "KB114"
    assert finding.help == f"write '{meant}'"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("doi: nothing}", "it starts with '10.'"),
        ("pmid: none}", "digits only: '15674876'"),
        ("language: xx}", "as BCP 47 has it: 'en', 'pt-BR'"),
    ],
)
def test_where_nothing_is_near_the_form_is_described(text: str, wanted: str) -> None:
    (finding,) = findings(References, WORK + text)
    assert finding.help == wanted


@pytest.mark.parametrize("code", ["gb", "CH", "world"])
def test_countries_are_taken_in_either_case(code: str) -> None:
    assert findings(Topic, TOPIC + f"jurisdiction: [{code}]") == ()


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant", "haw", "sr-Latn-RS"])
def test_languages_of_two_and_of_three_letters(tag: str) -> None:
    assert findings(References, WORK + f"language: {tag}}}") == ()


def test_a_comma_within_braces_is_explained() -> None:
    topic = TOPIC + "focus: {text: Pain, severe}"
    (finding,) = findings(Topic, topic)
    assert finding.message == "'severe' is not a key here"
    assert finding.help == "within {…} a comma ends a value: put a text that has one in quotes"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("<i>in vitro</i> H<sub>2</sub>O", "in vitro H₂O"),
        ("<sup>18</sup>F-FDG at 10<sup>\u22126</sup> M", "¹⁸F-FDG at 10⁻⁶ M"),
        ("T<sub>reg</sub> cells, 10<sup>x</sup>", "T_(reg) cells, 10^(x)"),
        ("Pain &amp; needles: p &lt; 0.05", "Pain & needles: p < 0.05"),
        ("R&D of a < b and c > d &copy", "R&D of a < b and c > d &copy"),
    ],
)
def test_titles_of_catalogues_are_plain_text(written: str, wanted: str) -> None:
    assert plain_title(written) == wanted
    node, _ = load(f"w: {{type: article, title: '{written}'}}".encode(), "a.yaml")
    assert node is not None
    references, wrong = decode(node, References, "a.yaml")
    assert wrong == () and references is not None
    assert references.references[0].title == wanted


def test_a_title_of_tags_alone_is_empty() -> None:
    (finding,) = findings(References, "w: {type: article, title: <i></i>}")
    assert finding.code == "KB116"
