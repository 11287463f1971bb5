from __future__ import annotations

import json
import random
from typing import Any

import pytest
from environ import SHARED

from fhir_kb.emit import ElementOrder, element_order

EXAMPLES = SHARED / "suites" / "official-examples"


@pytest.fixture(scope="module")
def r5() -> ElementOrder:
    return element_order("5.0.0")


def test_follows_the_specification_at_every_level(r5: ElementOrder) -> None:
    """Order of https://hl7.org/fhir/R5/plandefinition.html, Timing and Coding."""
    given = {
        "action": [
            {
                "timingTiming": {"code": {"text": "daily"}, "repeat": {"period": 1, "count": 2}},
                "title": "Rest",
                "id": "a",
                "code": {"text": "rest", "coding": [{"code": "r", "system": "urn:s"}]},
                "action": [{"title": "Sit", "linkId": "1"}],
            }
        ],
        "status": "draft",
        "url": "urn:x",
        "id": "rest",
        "resourceType": "PlanDefinition",
    }
    ordered = r5(given)
    assert list(ordered) == ["resourceType", "id", "url", "status", "action"]
    action = ordered["action"][0]
    assert list(action) == ["id", "title", "code", "timingTiming", "action"]
    assert list(action["code"]["coding"][0]) == ["system", "code"]
    assert list(action["timingTiming"]) == ["repeat", "code"]
    assert list(action["timingTiming"]["repeat"]) == ["count", "period"]
    assert list(action["action"][0]) == ["linkId", "title"]


def test_underscore_property_follows_its_value(r5: ElementOrder) -> None:
    extended = {"extension": [{"valueCode": "en", "url": "urn:lang"}]}
    ordered = r5({"_title": extended, "resourceType": "Library", "status": "draft", "title": "T"})
    assert list(ordered) == ["resourceType", "title", "_title", "status"]
    assert list(ordered["_title"]["extension"][0]) == ["url", "valueCode"]


def test_contained_resource_has_the_order_of_its_own_type(r5: ElementOrder) -> None:
    inner = {"status": "draft", "id": "v", "resourceType": "ValueSet", "url": "urn:v"}
    ordered = r5({"contained": [inner], "resourceType": "Library"})
    assert list(ordered["contained"][0]) == ["resourceType", "id", "url", "status"]


def test_unknown_names_come_last_and_by_name(r5: ElementOrder) -> None:
    ordered = r5(
        {"zebra": 1, "ape": {"b": 1, "id": "x"}, "status": "draft", "resourceType": "Library"}
    )
    assert list(ordered) == ["resourceType", "status", "ape", "zebra"]
    assert list(ordered["ape"]) == ["id", "b"]


def test_a_type_that_the_release_does_not_have_is_still_put_in_some_order() -> None:
    order = element_order("4.0.1")
    one = {"title": "x", "id": "c", "resourceType": "Citation"}
    other = dict(reversed(one.items()))
    assert list(order(one)) == list(order(other)) == ["resourceType", "id", "title"]


def test_input_is_not_changed(r5: ElementOrder) -> None:
    given = {
        "status": "draft",
        "contained": [{"resourceType": "ValueSet"}],
        "resourceType": "Library",
    }
    before = json.dumps(given)
    r5(given)
    assert json.dumps(given) == before


@pytest.mark.lab
@pytest.mark.parametrize(
    ("release", "version"), [("r4", "4.0.1"), ("r4b", "4.3.0"), ("r5", "5.0.0")]
)
def test_official_examples_shuffled_get_their_order_back(release: str, version: str) -> None:
    """HL7's own examples are in order, but for `meta`, which its build adds behind."""
    if not EXAMPLES.is_dir():
        pytest.skip(f"no official examples at {EXAMPLES}")
    order = element_order(version)
    dice = random.Random(release)
    differing = []
    for path in sorted((EXAMPLES / release).glob("*.json")):
        resource = json.loads(path.read_bytes())
        resource.pop("meta", None)
        if json.dumps(order(_shuffled(resource, dice))) != json.dumps(resource):
            differing.append(path.name)
    # Here an extension has its url in front of its own extensions; the definition says otherwise.
    assert differing == ([] if release == "r4b" else ["PlanDefinition-KDN5.json"])


def _shuffled(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        names = dice.sample(list(value), len(value))
        return {name: _shuffled(value[name], dice) for name in names}
    if isinstance(value, list):
        return [_shuffled(item, dice) for item in value]
    return value
