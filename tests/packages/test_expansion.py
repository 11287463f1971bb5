"""Value set expansion, on small systems that show one rule each."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages.core.expansion import Expander

ANIMALS: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/animals",
    "content": "complete",
    "concept": [
        {
            "code": "animal",
            "concept": [
                {
                    "code": "bird",
                    "concept": [
                        {"code": "hen", "property": [{"code": "farm", "valueBoolean": True}]},
                        {"code": "owl", "display": "Owl"},
                    ],
                },
                {"code": "fish"},
            ],
        },
        {"code": "bat", "property": [{"code": "parent", "valueCode": "animal"}]},
    ],
}
PARTIAL = {"resourceType": "CodeSystem", "url": "http://example.org/part", "content": "fragment"}


def _set(name: str, *include: dict[str, Any], exclude: tuple[dict[str, Any], ...] = ()) -> Any:
    compose = {"include": list(include), "exclude": list(exclude)}
    return {"resourceType": "ValueSet", "url": f"http://example.org/{name}", "compose": compose}


def _animals(*filters: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"system": ANIMALS["url"], **more}
    if filters:
        made["filter"] = [{"property": p, "op": op, "value": value} for p, op, value in filters]
    return made


def _expand(*value_sets: dict[str, Any]) -> Any:
    return Expander([ANIMALS, PARTIAL, *value_sets]).expand(value_sets[0]["url"])


@pytest.mark.parametrize(
    ("filters", "codes"),
    [
        ((), {"animal", "bird", "hen", "owl", "fish", "bat"}),
        ((("concept", "is-a", "bird"),), {"bird", "hen", "owl"}),
        ((("concept", "descendent-of", "animal"),), {"bird", "hen", "owl", "fish", "bat"}),
        ((("concept", "child-of", "animal"),), {"bird", "fish", "bat"}),
        ((("concept", "descendent-leaf", "animal"),), {"hen", "owl", "fish", "bat"}),
        ((("concept", "is-not-a", "bird"),), {"animal", "fish", "bat"}),
        ((("concept", "generalizes", "hen"),), {"hen", "bird", "animal"}),
        ((("farm", "=", "true"),), {"hen"}),
        ((("farm", "exists", "true"),), {"hen"}),
        ((("code", "in", "owl,bat"),), {"owl", "bat"}),
        ((("code", "regex", "b.*"),), {"bird", "bat"}),
        ((("display", "=", "Owl"),), {"owl"}),
        ((("concept", "is-a", "bird"), ("code", "not-in", "hen")), {"bird", "owl"}),
    ],
)
def test_filters(filters: tuple[tuple[str, str, str], ...], codes: set[str]) -> None:
    found = _expand(_set("v", _animals(*filters)))
    assert found.systems == {ANIMALS["url"]: codes}
    assert found.is_complete


def test_exclude_takes_codes_out() -> None:
    found = _expand(_set("v", _animals(), exclude=(_animals(("concept", "is-a", "animal")),)))
    assert found.all_codes() == set()


def test_value_sets_in_one_include_overlap() -> None:
    birds = _set("birds", _animals(("concept", "is-a", "bird")))
    found = _expand(
        _set("v", _animals(("code", "regex", "o.*|f.*"), valueSet=[birds["url"]])), birds
    )
    assert found.all_codes() == {"owl"}


def test_a_value_set_that_includes_itself_ends() -> None:
    assert not _expand(_set("v", {"valueSet": ["http://example.org/v"]})).is_complete


def test_what_cannot_be_known_is_said() -> None:
    assert _expand(_set("v", {"system": PARTIAL["url"]})).checkers == {PARTIAL["url"]: "unknown"}
    assert _expand(_set("v", {"system": "urn:ietf:bcp:13"})).checkers == {"urn:ietf:bcp:13": "mime"}
    assert _expand(_set("v", _animals(("code", "regex", "(")))).checkers == {
        ANIMALS["url"]: "unknown"
    }


def test_an_exclude_that_cannot_be_known_leaves_doubt() -> None:
    unknown = _animals(("code", "regex", "("))
    assert _expand(_set("v", _animals(), exclude=(unknown,))).checkers == {
        ANIMALS["url"]: "unknown"
    }


def test_a_missing_value_set_is_none() -> None:
    assert Expander([]).expand("http://example.org/none") is None
