"""docs/mapping.md speaks of every key of the authoring format."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from fhir_kb.model import activity, concept, evidence, plan, reference, settings, topic
from fhir_kb.model.record import Record
from fhir_kb.model.schema_shape import layout

PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
RECORDS = [
    found
    for module in (settings, topic, plan, activity, evidence, reference, concept)
    for _, found in inspect.getmembers(module, inspect.isclass)
    if issubclass(found, Record) and found.__module__ == module.__name__
]


def sections() -> dict[str, str]:
    """The text under each heading, by each name in the heading."""
    parts = re.split(r"^##+ (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    found = {}
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        for name in re.findall(r"\w+", title):
            found[name] = found.get(name, "") + text
    return found


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_key_is_there(record: type[Record]) -> None:
    text = sections()[record.__name__]
    mentioned = set(re.findall(r"`([a-z0-9-]+)`", text))
    missing = [key.name for key in layout(record).keys if key.name not in mentioned]
    assert missing == []
