"""The first topic uses everything that the source page has: one row for each of its features."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from shipped import DEFINITIONS, everything, topic

from fhir_kb import releases
from fhir_kb.compile import compile_topic
from fhir_kb.model.evidence import Evidence
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
from fhir_kb.model.page import Section
from fhir_kb.model.plan import Step
from fhir_kb.model.prohibition import reads_as_prohibition
from fhir_kb.model.settings import Settings


def _settings() -> Settings:
    settings = everything()[0]
    assert settings is not None
    return settings


def _step(source: TopicSource, name: str) -> Step:
    return next(step for step in source.steps if step.id == name)


def _section(source: TopicSource, name: str) -> Section:
    assert source.page is not None
    return next(section for section in source.page.sections if section.id == name)


def _evidence(source: TopicSource) -> Evidence:
    (evidence,) = source.topic.evidence
    return evidence


def _nests(source: TopicSource) -> bool:
    """Bullets three deep."""
    indents = {
        len(line) - len(line.lstrip())
        for line in _section(source, "procedure").markdown.splitlines()
        if line.lstrip().startswith("- ")
    }
    return indents == {0, 2, 4}


def _complete(source: TopicSource) -> bool:
    work = next(work for work in source.references if work.type == "article")
    known = (work.title, work.authors, work.journal, work.published, work.article_number, work.doi)
    return all(known) and not work.et_al


FEATURES: dict[str, Callable[[TopicSource], object]] = {
    "title": lambda it: it.topic.title,
    "for healthcare professionals only": lambda it: (
        [one.concept for one in _settings().audience] == ["healthcare-professional"]
        and not it.topic.audience
    ),
    "authoring team": lambda it: it.topic.authors,
    "editors": lambda it: it.topic.editors,
    "reviewers": lambda it: it.topic.reviewers,
    "nested bullets": _nests,
    "definitions": lambda it: (
        [term.concept for term in it.topic.terms]
        == ["dry-needling", "myofascial-pain", "trigger-point"]
    ),
    "steps of a procedure": lambda it: len(it.steps) == 7,
    "their order": lambda it: [one.step for one in _step(it, "restore").after] == ["withdraw"],
    "what must not be done": lambda it: (
        [one.id for one in it.topic.activities if one.prohibited]
        == ["inject-liquid", "leave-needle-in-situ"]
    ),
    "what ends a step": lambda it: _step(it, "insert").until,
    "what has to happen first": lambda it: _step(it, "withdraw").once,
    "alternatives that follow": lambda it: (
        _step(it, "restore").choose == "one-or-more"
        and [step.title for step in _step(it, "restore").steps]
        == ["Exercises, usually stretching", "Ergonomic adjustment"]
    ),
    "the technique as what the topic is about, not as one of its steps": lambda it: (
        "dry-needling" in [one.concept for one in it.topic.also_about]
        and "dry-needling" not in [one.code.concept for one in it.topic.activities if one.code]
    ),
    "comparator, and that it was inferred": lambda it: (
        (comparator := _evidence(it).comparator) is not None
        and comparator.title == "Other therapies alone"
        and "does not name" in str(comparator.text)
    ),
    "reason of the certainty": lambda it: (
        (certainty := _evidence(it).certainty) is not None
        and [(one.aspect, one.rating) for one in certainty.aspects] == [("risk-of-bias", None)]
        and "lower methodological quality" in str(certainty.aspects[0].text)
    ),
    "the page as source of what is done": lambda it: all(
        list(one.from_) == ["dry-needling-page"] for one in it.topic.activities
    ),
    "the page as source of the theories": lambda it: (
        "dry-needling-page" in [link.target for link in _section(it, "mechanism").links]
    ),
    "aims": lambda it: (
        list(_step(it, "restore").goals) == ["motion", "no-recurrence"]
        and it.topic.plan
        and len(it.topic.plan.goals) == 2
    ),
    "theories as theories": lambda it: _section(it, "mechanism").classes == ("theory",),
    "no theory as evidence": lambda it: len(it.topic.evidence) == 1,
    "evidence statement": lambda it: _evidence(it).statement,
    "attributed quotation": lambda it: (
        (quote := _evidence(it).quote) is not None and quote.from_ == it.references[0].id
    ),
    "study type": lambda it: _evidence(it).study == "systematic-review",
    "population": lambda it: _evidence(it).population.concept,
    "exposure": lambda it: _evidence(it).exposure.concepts,
    "outcome": lambda it: _evidence(it).outcome,
    "certainty, not graded by the source": lambda it: (
        (certainty := _evidence(it).certainty) is not None
        and certainty.text
        and certainty.rating is None
    ),
    "complete references": _complete,
    "disclaimer": lambda it: it.topic.disclaimer or _settings().disclaimer,
    "copyright": lambda it: it.topic.copyright or _settings().copyright,
    "funding and editorial independence": lambda it: it.topic.funding or _settings().funding,
    "effective": lambda it: it.topic.effective,
    "status": lambda it: it.topic.status or _settings().status,
    "version": lambda it: it.topic.version or _settings().version,
    "note on the page": lambda it: it.topic.notes,
}


@pytest.mark.parametrize("feature", FEATURES)
def test_it_has(feature: str) -> None:
    assert FEATURES[feature](topic("dry-needling"))


def test_endorsers_have_their_place_though_there_are_none() -> None:
    text = (DEFINITIONS / "dry-needling/topic.yaml").read_text("utf-8")
    assert yaml.safe_load(text)["endorsers"] == []


def test_the_page_is_cited_with_what_it_shows_of_itself() -> None:
    page = next(work for work in topic("dry-needling").references if work.type == "web-page")
    assert (page.title, page.publisher) == (
        "Dry needling for myofascial pain",
        "Oxbridge Solutions Limited",
    )
    assert page.url is page.published is page.accessed is None


@pytest.mark.parametrize(
    ("release", "kinds"),
    [
        ("r5", {"Citation", "Evidence", "ArtifactAssessment", "PlanDefinition"}),
        ("r4", {"Evidence", "Basic", "PlanDefinition"}),
    ],
)
def test_that_a_reference_was_inferred_is_said_in_fhir(release: str, kinds: set[str]) -> None:
    settings, concepts, topics, _ = everything()
    assert settings is not None
    base = KnowledgeBase(
        settings=settings, concepts={str(one.name): one for one in concepts}, directory={}
    )
    lower = releases.get(release).lower
    resources = [
        one
        for resource in compile_topic(topics["dry-needling"], base).resources
        for one in lower(resource).resources
    ]
    inferred = {one["resourceType"] for one in resources if "nferred" in str(one)}
    assert kinds <= inferred


@pytest.mark.parametrize("folder", sorted(everything()[2]))
def test_no_approval_and_no_review_that_did_not_happen(folder: str) -> None:
    assert (topic(folder).topic.approved, topic(folder).topic.reviewed) == (None, None)


@pytest.mark.parametrize("folder", sorted(everything()[2]))
def test_what_is_prohibited_is_named_without_a_negation(folder: str) -> None:
    for activity in topic(folder).topic.activities:
        assert not (activity.prohibited and reads_as_prohibition(activity.title))
