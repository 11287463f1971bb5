"""Nothing that the model can say is dropped on the way to FHIR."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from everything import NAMES, everything

from fhir_kb.compile import compile_shared, compile_topic
from fhir_kb.model.knowledge import Base, Source
from fhir_kb.model.record import Record
from fhir_kb.model.shape import layout
from fhir_kb.model.text import Text


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def output(source: Source, base: Base) -> str:
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
    "Topic.text": "the name of a file that was read",
    "Topic.concepts.definition": "the topic's own term says it otherwise",
    "Topic.concepts.name": "a name used within the definitions",
    "Topic.plan.steps.triggers.type": "said by what the trigger has, where it is left out",
    "Topic.plan.steps.steps.triggers.type": "the same",
}


def test_every_field_makes_a_difference() -> None:
    """Each field of each record, taken out or changed, changes what is published."""
    source, base, _ = everything()
    before = output(source, base)
    seen, silent = set(WITHOUT_EFFECT), []
    for path, topic in changed(source.topic, "Topic"):
        kind = re.sub(r"\[\d+\]", "", path)
        if kind not in seen:
            seen.add(kind)
            if output(dataclasses.replace(source, topic=topic), base) == before:
                silent.append(path)
    assert len(seen) > 400
    assert not silent, "\n".join(silent)


def test_every_field_of_a_reference_makes_a_difference() -> None:
    source, base, _ = everything()
    (work,) = source.references
    before = output(source, base)
    silent = [
        path
        for path, other in changed(work, "Reference")
        if output(dataclasses.replace(source, references=(other,)), base) == before
    ]
    assert not silent, "\n".join(silent)


def changed(record: Record, path: str) -> Iterator[tuple[str, Any]]:
    """The record again and again, each time with one field within it changed: (path, record)."""
    for key in layout(type(record)).keys:
        value = getattr(record, key.field)
        here = f"{path}.{key.name}"
        if not value:
            continue
        for inner_path, other in _changed_value(value, here, required=key.required):
            yield inner_path, dataclasses.replace(record, **{key.field: other})


def _changed_value(value: Any, path: str, *, required: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Record):
        yield from changed(value, path)
    elif isinstance(value, tuple):
        if isinstance(value[0], Record):
            for index, item in enumerate(value):
                for inner, other in _changed_value(item, f"{path}[{index}]", required=True):
                    yield inner, (*value[:index], other, *value[index + 1 :])
        else:
            yield path, ()
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value + 1
    elif not required:
        yield path, None
    elif str(value) in {*NAMES.values(), "everything"} or path.endswith(_KEPT):
        return
    elif isinstance(value, Text):
        yield path, type(value)(f"{value}x", value.span)


#: required words and names, which the reader has checked
_KEPT = (
    ".type", ".study", ".measure", ".aspect", ".rating", ".strength", ".direction", ".system",
    ".property", ".op", ".value", ".low", ".high", ".id", ".max-dose", ".jurisdiction", ".orcid",
)  # fmt: skip
