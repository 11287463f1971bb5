from __future__ import annotations

import hashlib
import json
import pickle
from typing import Any

import pytest

from fhir_kb.emit import EmitError, EmittedResource, element_order, emit
from fhir_kb.model import Element

R5 = element_order("5.0.0")


def plan(**more: Any) -> Element:
    return Element({"title": "Rest", "id": "rest", "resourceType": "PlanDefinition", **more})


def test_file_and_line_hold_the_same_in_order() -> None:
    one = emit(plan(url="urn:x", version="1.0.0"), R5)
    assert one.line_bytes == (
        b'{"resourceType":"PlanDefinition","id":"rest",'
        b'"url":"urn:x","version":"1.0.0","title":"Rest"}'
    )
    assert json.loads(one.file_bytes) == json.loads(one.line_bytes)
    assert one.file_bytes.startswith(b'{\n  "resourceType"')
    assert one.digest == hashlib.sha256(one.file_bytes).hexdigest()


def test_facts_are_taken_from_the_resource() -> None:
    one = emit(plan(url="urn:x", version="1.0.0", date="2025-11-03"), R5)
    assert (one.name, one.file_name) == ("PlanDefinition/rest", "PlanDefinition-rest.json")
    assert (one.url, one.version, one.title, one.date) == ("urn:x", "1.0.0", "Rest", "2025-11-03")


def test_what_is_missing_is_empty() -> None:
    one = emit({"resourceType": "Basic", "id": "b"}, R5)
    assert (one.url, one.version, one.title, one.date, one.identifier) == ("", "", "", "", None)


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        ({"system": "urn:s", "value": "1"}, ("urn:s", "1")),
        ([{"value": "no system"}, {"system": "urn:s", "value": "2"}], ("urn:s", "2")),
        ([{"system": "urn:s"}], None),
        ("not an identifier", None),
    ],
)
def test_identifier_is_the_first_whole_one(identifier: Any, found: object) -> None:
    assert emit(plan(identifier=identifier), R5).identifier == found


def test_roots_are_manifests_then_plans() -> None:
    manifest = {"coding": [{"code": "asset-collection"}]}
    logic = {"coding": [{"code": "logic-library"}]}
    roots = [
        emit({"resourceType": "Library", "id": "m", "type": manifest}, R5).root,
        emit(plan(), R5).root,
        emit({"resourceType": "Library", "id": "l", "type": logic}, R5).root,
        emit({"resourceType": "Library", "id": "n"}, R5).root,
    ]
    assert roots == [0, 1, 2, 2]


def test_references_are_the_literal_ones_each_once() -> None:
    evidence = {
        "resourceType": "Evidence",
        "id": "e",
        "description": 'a text with "reference":"Citation/not-this"',
        "note": [{"authorReference": {"reference": "Practitioner/p"}}],
        "relatedArtifact": [
            {"resourceReference": {"reference": "Citation/c"}},
            {"resourceReference": {"reference": "#contained"}},
            {"resourceReference": {"reference": "https://example.org/fhir/Citation/far"}},
            {"resourceReference": {"reference": "Citation/c"}},
        ],
    }
    assert emit(evidence, R5).references == ("Citation/c", "Practitioner/p")


def test_index_entry_has_the_strings_that_packages_list() -> None:
    activity = {
        "resourceType": "ActivityDefinition",
        "id": "a",
        "url": "urn:a",
        "version": "1",
        "kind": "ServiceRequest",
    }
    assert json.loads(emit(activity, R5).index_entry) == {
        "filename": "ActivityDefinition-a.json",
        **activity,
    }
    coded = plan(type={"text": "protocol"})
    assert "type" not in json.loads(emit(coded, R5).index_entry)


def test_survives_pickling() -> None:
    one = emit(plan(), R5)
    back = pickle.loads(pickle.dumps(one))
    assert back == one
    assert isinstance(back, EmittedResource)


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(EmitError):
        emit(plan(title="\ud800"), R5)
