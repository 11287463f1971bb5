"""Whatever bytes come, the validator answers with findings, soon and without an exception."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from fhir_kb.validate import check_text

#: How long a text of a few kilobytes may take, on a machine that is busy with other things.
LONGEST = 5.0

PLAN = b"""{"resourceType": "PlanDefinition", "id": "p", "status": "draft", "name": "Plan",
 "url": "http://example.org/PlanDefinition/p", "version": "1.0.0", "date": "2023-02-28",
 "text": {"status": "generated", "div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">a</div>"},
 "contained": [{"resourceType": "Library", "id": "l", "status": "draft",
   "type": {"coding": [{"code": "logic-library"}]}, "content": [{"data": "YQ=="}]}],
 "extension": [{"url": "http://example.org/e", "valueQuantity": {"value": 1.50, "code": "mg",
   "system": "http://unitsofmeasure.org"}}],
 "library": ["#l"], "_title": {"id": "t"}, "title": "A plan",
 "goal": [{"id": "g", "description": {"text": "motion"}}],
 "action": [{"linkId": "a", "goalId": ["g"], "timingDuration": {"value": 1},
   "condition": [{"kind": "start", "expression": {"language": "text/fhirpath",
     "expression": "name.matches('a+')"}}],
   "action": [{"linkId": "b", "relatedAction": [{"targetId": "a", "relationship": "after"}]}]}]}"""
BUNDLE = b"""{"resourceType": "Bundle", "type": "transaction", "entry": [
 {"fullUrl": "urn:uuid:0d3151b8-4a5a-4c8c-8d0c-6f1b3f0c2a55", "resource": {"resourceType":
   "Observation", "status": "final", "code": {"text": "c"}, "valueDecimal": 1,
   "subject": {"reference": "urn:uuid:8a6d6f4e-3f0a-4f43-8b8b-1d4b5a6c7d8e"}},
   "request": {"method": "POST", "url": "Observation"}},
 {"resource": {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [
   {"system": "http://hl7.org/fhir/publication-status", "concept": [{"code": "draft"}],
    "filter": [{"property": "concept", "op": "regex", "value": "(a+)+$"}]}]}},
   "request": {"method": "PUT", "url": "ValueSet/x"}}]}"""
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir"><id value="p"/><text><status value="generated"/>
<div xmlns="http://www.w3.org/1999/xhtml"><p>A &amp; b</p></div></text>
<contained><Organization><id value="o"/><name value="n"/></Organization></contained>
<extension url="http://example.org/e"><valueDecimal value="1.50"/></extension>
<active value="true"/><name><given value="A"/><given id="g"><extension url="http://example.org/x">
<valueCode value="y"/></extension></given></name><birthDate value="1970-02-28"/>
<managingOrganization><reference value="#o"/></managingOrganization></Patient>"""


@pytest.mark.parametrize(("text", "seed"), [(PLAN, 1), (BUNDLE, 2), (XML, 3)])
def test_damaged_resources(text: bytes, seed: int, load_script: Callable[[str], Any]) -> None:
    script = load_script("fuzz_validate")
    damaged = list(script.mutations([text], 700, seed))
    assert len(set(damaged)) > 500  # they are not all the same
    assert [one.reason for one in script.failures(iter(damaged), LONGEST)] == []


def test_a_failure_is_seen(
    monkeypatch: pytest.MonkeyPatch, load_script: Callable[[str], Any]
) -> None:
    script = load_script("fuzz_validate")

    def broken(_: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr(script, "check_text", broken)
    [failure] = script.failures(iter([PLAN]), LONGEST)
    assert "RecursionError" in failure.reason


def _string(value: bytes) -> bytes:
    return b'{"resourceType": "Basic", "code": {"text": "' + value + b'"}}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "KB505"),
        (b"<a>" * 10_000, None),
        (b'<Patient xmlns="http://hl7.org/fhir">' + b"<contact>" * 10_000, "KB505"),
        (b'{"resourceType": "Basic", "x": ' + b"9" * 1_000_000 + b"}", "KB501"),
        (b'{"resourceType": "Basic", "x": 1e999999999}', "KB501"),
        (b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>', None),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', None),
        (b'{"resourceType": "Basic", "id": "\\udfff"}', "KB501"),
    ],
    ids=["deep-json", "deep-xml", "deep-fhir", "long-number", "huge", "bomb", "outside", "half"],
)
def test_hostile_texts(text: bytes, code: str | None) -> None:
    start = time.process_time()
    codes = [issue.code for issue in check_text(text).issues]
    assert time.process_time() - start < LONGEST
    assert codes
    assert code is None or code in codes


@pytest.mark.parametrize("item", [b"a", b" ", b"a b\\n", b"\\u00e9", b"0", b"<", b"-", b"*_"])
def test_a_long_string_takes_time_in_proportion(item: bytes) -> None:
    start = time.process_time()
    check_text(_string(item * 1_000_000))
    assert time.process_time() - start < LONGEST


@pytest.mark.parametrize("name", ["implicitRules", "id", "language"])
@pytest.mark.parametrize("item", [b"a", b"a ", b"a:", b"/", b"a."])
def test_long_values_of_other_types(name: str, item: bytes) -> None:
    text = b'{"resourceType": "Basic", "' + name.encode() + b'": "' + item * 200_000 + b'!"}'
    start = time.process_time()
    assert check_text(text).issues
    assert time.process_time() - start < LONGEST
