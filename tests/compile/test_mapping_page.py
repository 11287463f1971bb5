"""docs/mapping.md speaks of every key of the authoring format."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import fhir_kb.model
from fhir_kb.model.record import Record
from fhir_kb.model.schema_shape import layout

PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
MODULES = [
    import_module(f"fhir_kb.model.{module.name}") for module in iter_modules(fhir_kb.model.__path__)
]
RECORDS = [
    member
    for module in MODULES
    for _, member in inspect.getmembers(module, inspect.isclass)
    if issubclass(member, Record) and member.__module__ == module.__name__ and member is not Record
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
