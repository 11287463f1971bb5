"""docs/sources.md names, for every code of the shipped topics, a file that has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from environ import SHARED
from shipped import REPOSITORY, everything

from fhir_kb.model.concept import Code, Concept, Include, Meaning
from fhir_kb.model.record import Record
from fhir_kb.model.walk import records

SOURCES = (REPOSITORY / "docs/sources.md").read_text("utf-8")
SHORT = ("snomed", "loinc", "rxnorm", "icd_10", "atc")
CQL = "S/apply/anthrax-r4/cql/Anthrax_Post_Exposure_Prophylaxis_FHIRv400.cql"


class Row(NamedTuple):
    """A line of the table of codes."""

    code: str
    system: str
    words: str
    files: tuple[str, ...]


def _table() -> list[Row]:
    rows = []
    for line in SOURCES.partition("## Codes")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or cells[0] in ("code", "---"):
            continue
        files = re.findall(r"`(S/[^`]+)`", cells[3])
        if re.search(r"\bCQL\b", cells[3]):
            files.append(CQL)
        rows.append(Row(cells[0], cells[1], cells[2], tuple(files)))
    return rows


def _foreign_codes(record: Record, own_systems: set[str]) -> Iterator[str]:
    """The codes of code systems that are not the topic's own."""
    for one in records(record):
        if isinstance(one, (Concept, Meaning)):
            yield from (str(code) for name in SHORT if (code := getattr(one, name)))
        elif isinstance(one, Code) and str(one.system) not in own_systems:
            yield str(one.code)
        elif isinstance(one, Include) and str(one.system) not in own_systems:
            yield from (str(code.code) for code in one.codes)
            yield from (str(filter_.value) for filter_ in one.filter)


def _used() -> set[str]:
    _, concepts, topics, _ = everything()
    used = {code for concept in concepts for code in _foreign_codes(concept, set())}
    for source in topics.values():
        own = {str(system.id) for system in source.topic.code_systems}
        used |= set(_foreign_codes(source.topic, own))
    return used


def test_every_code_has_its_source_and_every_source_its_code() -> None:
    listed = [row.code for row in _table()]
    assert sorted(listed) == sorted(_used())


@pytest.mark.lab
@pytest.mark.parametrize("row", [row for row in _table() if row.files], ids=lambda row: row.code)
def test_the_named_file_has_the_code(row: Row) -> None:
    if not SHARED.exists():
        pytest.skip("../shared is not here")
    for name in row.files:
        text = (SHARED / "suites" / name.removeprefix("S/")).read_text("utf-8")
        assert re.search(rf"['\"]{re.escape(row.code)}['\"]", text), name


@pytest.mark.parametrize("folder", sorted(everything()[2]))
def test_every_topic_and_each_of_its_codes_is_spoken_of(folder: str) -> None:
    assert folder in SOURCES
