"""Nothing that the model can say is dropped on the way to FHIR."""

from __future__ import annotations

import dataclasses
import json
import re
from decimal import Decimal
from typing import Any

from everything import everything
from variants import changed, renamed

from fhir_kb.compile import compile_shared, compile_topic
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def output(source: TopicSource, base: KnowledgeBase) -> str:
    resources = [*compile_topic(source, base).resources, *compile_shared(base).resources]
    return json.dumps(resources, ensure_ascii=False, default=_plain, sort_keys=True)


def test_it_compiles_without_a_finding() -> None:
    source, base, _ = everything()
    assert compile_topic(source, base).diagnostics == ()


def test_every_text_and_number_arrives_somewhere() -> None:
    source, base, said = everything()
    found = output(source, base)
    assert len(said) > 300
    lost = [(path, words) for path, words in said if words not in found]
    assert not lost, "\n".join(map(str, lost))


#: fields whose loss changes nothing, and why
WITHOUT_EFFECT = {
    "Topic.references": "the name of a file that was read",
    "Topic.libraries.name": "the name that its CQL declares; a rule holds that they agree",
    "Topic.text": "the name of a file that was read",
    "Topic.concepts.definition": "the topic's own term says it otherwise",
    "Topic.cautions.id": "a name used within the definitions",
    "Topic.concepts.name": "a name used within the definitions",
    "Topic.plan.steps.triggers.type": "said by what the trigger has, where it is left out",
}


def test_every_field_makes_a_difference() -> None:
    """Each field of each record, taken out or changed, changes what is published."""
    source, base, _ = everything()
    before = compile_topic(source, base).resources
    seen, silent = set(WITHOUT_EFFECT), []
    for path, topic in changed(source.topic, "Topic"):
        kind = re.sub(r"\[\d+\]", "", path)
        if kind not in seen:
            seen.add(kind)
            if compile_topic(dataclasses.replace(source, topic=topic), base).resources == before:
                silent.append(path)
    assert len(seen) > 400
    assert not silent, "\n".join(silent)


def test_every_field_of_a_reference_makes_a_difference() -> None:
    source, base, _ = everything()
    (work,) = source.references
    before = compile_topic(source, base).resources
    silent = [
        path
        for path, other in changed(work, "Reference")
        if compile_topic(dataclasses.replace(source, references=(other,)), base).resources == before
    ]
    assert not silent, "\n".join(silent)


def test_a_name_that_leads_nowhere_is_left_out_with_a_finding() -> None:
    """For every field that takes a name: no exception, and KB399 at its place."""
    source, base, _ = everything()
    seen, silent = set[str](), []
    for path, topic in renamed(source.topic, "Topic"):
        kind = re.sub(r"\[\d+\]", "", path)
        if kind in seen:
            continue
        seen.add(kind)
        found = compile_topic(dataclasses.replace(source, topic=topic), base).diagnostics
        if "KB399" not in {one.code for one in found}:
            silent.append(path)
    assert len(seen) > 60
    assert not silent, "\n".join(silent)


def test_the_same_topic_gives_the_same_resources() -> None:
    assert output(*everything()[:2]) == output(*everything()[:2])
