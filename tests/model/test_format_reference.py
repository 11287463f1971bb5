"""docs/reference/format.md is made from the model: it is complete and up to date."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.model.record import Record
from fhir_kb.model.schema_shape import ListShape, RecordShape, SchemaShape, layout
from fhir_kb.read.schema import ROOTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "format.md"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "make_format_reference.py"))


def records() -> list[type[Record]]:
    """Every record that a file can hold."""
    found = list(ROOTS.values())
    for record in found:  # grows while it is read
        found.extend(
            held for key in layout(record).keys if (held := _held(key.shape)) and held not in found
        )
    return found


def _held(shape: SchemaShape) -> type[Record] | None:
    while isinstance(shape, ListShape):
        shape = shape.item
    return shape.record if isinstance(shape, RecordShape) else None


def test_the_page_is_up_to_date(script: dict[str, Any]) -> None:
    assert PAGE.read_text("utf-8") == script["page"](), "run 'make docs'"


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_key_is_told(record: type[Record]) -> None:
    text = PAGE.read_text("utf-8")
    names = {root: f"## {name}.yaml" for name, root in ROOTS.items()}
    heading = names.get(record, f"### {record.__name__}")
    section = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    for key in layout(record).by_name.values():
        if not layout(record).whole:
            assert f"| `{key.name}` |" in section
            assert key.doc.replace("|", "\\|") in section


def test_every_record_says_what_it_is() -> None:
    for record in records():
        assert record.__doc__, record
        for key in layout(record).keys:
            assert key.doc.endswith((".", "…")), (record, key.name)
