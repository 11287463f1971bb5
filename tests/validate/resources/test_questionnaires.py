"""Questionnaires on their own."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Validator

ROOT = "Questionnaire"
SOURCE = "https://kb.example.org/fhir/Questionnaire/source"
_DERIVATION = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
_SYSTEM = "http://hl7.org/fhir/questionnaire-derivationType"
_OURS = ("KB739", "KB740", "KB741")


def ask(name: str, kind: str = "string", *, when: str = "", **more: Any) -> dict[str, Any]:
    enabling = [{"question": when, "operator": "exists", "answerBoolean": True}] if when else []
    return {"linkId": name, "type": kind, **({"enableWhen": enabling} if when else {}), **more}


def found(
    items: list[dict[str, Any]], *, version: str = "4.0.1", known: Any = (), **more: Any
) -> list[tuple[str, str]]:
    resource = {"resourceType": ROOT, "status": "draft", "item": items, **more}
    issues = Validator(version, canonicals=InMemoryCanonicals(known)).check(resource)
    return [(one.code, one.path) for one in issues if one.code in _OURS]


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0", "5.0.0"])
def test_what_enables_an_item(version: str) -> None:
    first, second = f"{ROOT}.item[0]", f"{ROOT}.item[1]"
    inner = ask("g", "group", item=[ask("x")])
    for items, expected in [
        ([ask("a"), ask("b", when="a")], []),
        ([inner, ask("b", when="x")], []),
        ([ask("g", "group", item=[ask("x", when="g")])], []),
        ([ask("a"), ask("b", when="z")], [("KB739", second)]),
        ([ask("a", when="a")], [("KB739", first)]),
        ([{**inner, **ask("g", "group", when="x")}], [("KB739", first)]),
        ([ask("a", when="b"), ask("b")], [("KB740", first)]),
        ([ask("g", "group", item=[ask("x", when="b")]), ask("b")], [("KB740", f"{first}.item[0]")]),
    ]:
        assert found(items, version=version) == expected, items


def derived(
    item: dict[str, Any], source: dict[str, Any], mode: str = "compliesWith"
) -> list[tuple[str, str]]:
    coding = {"url": _DERIVATION, "valueCoding": {"system": _SYSTEM, "code": mode}}
    return found(
        [item],
        known=[{"resourceType": ROOT, "url": SOURCE, "status": "active", "item": [source]}],
        derivedFrom=[SOURCE],
        _derivedFrom=[{"extension": [coding]}],
    )


def test_what_derivation_keeps() -> None:
    item = f"{ROOT}.item[0]"
    assert derived(ask("a"), ask("a")) == []
    assert derived(ask("b"), ask("a")) == [("KB741", item)]
    assert derived(ask("b"), ask("a"), "extends") == []
    assert derived(ask("b"), ask("a"), "inspiredBy") == []
    assert derived(ask("a", "integer"), ask("a")) == [("KB741", f"{item}.type")]
    assert derived(ask("a", repeats=True), ask("a")) == [("KB741", f"{item}.repeats")]
    assert derived(ask("a", repeats=True), ask("a", repeats=True)) == []
    assert derived(ask("a", required=False), ask("a", required=True)) == [
        ("KB741", f"{item}.required")
    ]
    assert derived(ask("a", maxLength=5), ask("a", maxLength=6)) == []
    assert derived(ask("a", maxLength=7), ask("a", maxLength=6)) == [("KB741", f"{item}.maxLength")]
    assert derived(ask("a"), ask("a", maxLength=6)) == [("KB741", item)]


def test_options_that_derivation_keeps() -> None:
    def options(*values: Any) -> list[dict[str, Any]]:
        return [{"valueCoding" if isinstance(v, dict) else "valueInteger": v} for v in values]

    here = f"{ROOT}.item[0]"
    red = {"system": "https://kb.example.org/colours", "code": "red"}
    source = ask("a", "choice", answerOption=options(1, red))
    assert derived(ask("a", "choice", answerOption=options({**red, "display": "R"})), source) == []
    assert derived(ask("a", "choice", answerOption=options(1, 2)), source) == [
        ("KB741", f"{here}.answerOption[1]")
    ]
    assert derived(ask("a", "choice"), source) == [("KB741", here)]
    codes = ask("a", "choice", answerValueSet="https://kb.example.org/ValueSet/v")
    assert derived(codes, source) == [("KB741", here)]
    assert derived(ask("a", "choice", answerOption=options(1)), codes) == [("KB741", here)]


@pytest.mark.parametrize("odd", [None, 1, "x", [None], [1], [[]], {"a": 1}, [{"linkId": 1}]])
def test_odd_questionnaires_raise_nothing(odd: Any) -> None:
    found(odd, derivedFrom=odd, _derivedFrom=odd)
    found([{"linkId": odd, "enableWhen": odd, "item": odd, "answerOption": odd}])
    derived({"linkId": "a", "maxLength": odd, "answerOption": odd}, {"linkId": "a", "item": odd})
    derived(ask("a", answerOption=[{"valueInteger": 1}]), {"linkId": "a", "answerOption": odd})
