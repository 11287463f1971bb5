"""Which files can be pushed as they are, and which only look like that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.pipeline.resource_files import ResourceReader
from fhir_kb.push import DesiredResource, PushError


def read_resources(path: Path) -> list[DesiredResource]:
    """What is read of one file for a server of FHIR R4."""
    return ResourceReader("r4").read(path)


LIBRARY = {"resourceType": "Library", "id": "a", "url": "https://kb.example/Library/a"}
ENTRY = {"fullUrl": "https://server.example/fhir/Library/a", "resource": LIBRARY}
OUTCOME = {
    "resource": {"resourceType": "OperationOutcome", "id": "o"},
    "search": {"mode": "outcome"},
}


def bundle(folder: Path, **parts: Any) -> Path:
    path = folder / "bundle.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": [ENTRY], **parts}))
    return path


@pytest.mark.parametrize("type_", ["transaction", "batch", "collection", "searchset", "message"])
def test_a_bundle_that_holds_all_is_read(tmp_path: Path, type_: str) -> None:
    (resource,) = read_resources(bundle(tmp_path, type=type_))
    assert (resource.type, resource.id) == ("Library", "a")


@pytest.mark.parametrize(
    "type_", ["history", "batch-response", "transaction-response", "subscription-notification"]
)
def test_a_bundle_of_something_else_is_refused_as_what_it_is(tmp_path: Path, type_: str) -> None:
    with pytest.raises(PushError, match=f"it is a Bundle of type '{type_}'"):
        list(read_resources(bundle(tmp_path, type=type_)))


def test_a_page_of_search_results_is_refused(tmp_path: Path) -> None:
    links = [{"relation": "next", "url": "https://server.example/fhir?page=2"}]
    with pytest.raises(PushError, match="one page of the results of a search"):
        list(read_resources(bundle(tmp_path, type="searchset", link=links)))


def test_a_part_of_search_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PushError, match="a part of the results of a search: 1 of 9"):
        list(read_resources(bundle(tmp_path, type="searchset", total=9)))


def test_whole_search_results_are_read_without_the_outcome_of_the_search(tmp_path: Path) -> None:
    other = {**LIBRARY, "id": "b", "url": "https://kb.example/Library/b"}
    included = {"resource": other, "search": {"mode": "include"}}
    entries = [{**ENTRY, "search": {"mode": "match"}}, included, OUTCOME]
    found = read_resources(bundle(tmp_path, type="searchset", total=1, entry=entries))
    assert [resource.id for resource in found] == ["a", "b"]
