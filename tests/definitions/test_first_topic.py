"""The first topic uses everything that the source page has: one row for each of its features."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from shipped import DEFINITIONS, everything, topic

from fhir_kb.model.evidence import Evidence
from fhir_kb.model.knowledge_base import TopicSource
from fhir_kb.model.page import Section
from fhir_kb.model.plan import Step
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
    (work,) = source.references
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
    "definitions": lambda it: len(it.topic.terms) == 2,
    "steps of a procedure": lambda it: len(it.steps) == 6,
    "their order": lambda it: [one.step for one in _step(it, "restore").after] == ["withdraw"],
    "what must not be done": lambda it: (
        [one.id for one in it.topic.activities if one.prohibited] == ["leave-needle-in-situ"]
    ),
    "what ends a step": lambda it: _step(it, "insert").until,
    "what has to happen first": lambda it: _step(it, "withdraw").once,
    "alternatives that follow": lambda it: (
        _step(it, "restore").choose == "one-or-more" and len(_step(it, "restore").steps) == 2
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
    "approved": lambda it: it.topic.approved,
    "reviewed": lambda it: it.topic.reviewed,
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
