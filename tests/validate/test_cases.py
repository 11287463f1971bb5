"""The FHIR validator, case by case: read the pages of cases beside this file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhir_kb.validate import CODES, Validator

HERE = Path(__file__).parent
INVARIANTS = {"KB590", "KB591", "KB592"}
#: What extensible and preferred bindings ask for; these have cases of their own.
RECOMMENDED = {"KB720", "KB721", "KB723"}
#: Extensions and code systems that are not at hand; they have tests of their own.
NOT_AT_HAND = {"KB680", "KB685"}


def _page(name: str) -> list[Any]:
    content = yaml.safe_load((HERE / "cases" / f"{name}_cases.yaml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=title) for title, case in content.items()]


def _found(resource: Any, version: str = "5.0.0") -> list[Any]:
    issues = Validator(version).check(resource)
    return [issue for issue in issues if issue.code not in INVARIANTS]


@pytest.mark.parametrize(
    "case",
    _page("structure") + _page("content") + _page("conformance") + _page("definition"),
)
def test_structure_and_content(case: dict[str, Any]) -> None:
    found = _found(case["given"], case.get("fhir", "5.0.0"))
    _compare(case, [one for one in found if one.code not in RECOMMENDED | NOT_AT_HAND])


@pytest.mark.parametrize("case", _page("terminology"))
def test_terminology(case: dict[str, Any]) -> None:
    _compare(case, _found(case["given"], case.get("fhir", "5.0.0")))


def _compare(case: dict[str, Any], found: list[Any]) -> None:
    assert sorted(f"{one.code} {one.path}" for one in found) == sorted(case["finds"])
    if "help" in case:
        assert case["help"] in [one.help for one in found]


@pytest.mark.parametrize("case", _page("value"))
def test_values(case: dict[str, Any]) -> None:
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "x", **case["values"]}]}
    [name] = case["values"]
    kind = name[5].lower() + name[6:]
    expected = [case["finds"]] if "finds" in case else []
    found = _found(parameters)
    assert [one.code for one in found] == expected
    assert {one.path for one in found} <= {f"Parameters.parameter[0].value.ofType({kind})"}


@pytest.mark.parametrize("case", _page("narrative"))
def test_narratives(case: dict[str, Any]) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{case["inside"]}</div>'
    found = _found({"resourceType": "Basic", "code": {"text": "x"}, "text": _text(div)})
    assert [one.code for one in found] == ([case["finds"]] if "finds" in case else [])
    assert {one.path for one in found} <= {"Basic.text.div"}


def _text(div: str) -> dict[str, str]:
    return {"status": "generated", "div": div}


@pytest.mark.parametrize(
    "div",
    [
        "<div>no namespace</div>",
        '<div xmlns="http://www.w3.org/1999/html">wrong namespace</div>',
        '<p xmlns="http://www.w3.org/1999/xhtml">no div</p>',
    ],
)
def test_a_narrative_begins_with_a_div_in_its_namespace(div: str) -> None:
    found = _found({"resourceType": "Basic", "code": {"text": "x"}, "text": _text(div)})
    assert [one.code for one in found] == ["KB561"]


def test_a_document_type_is_refused_unread() -> None:
    bomb = (
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        '<div xmlns="http://www.w3.org/1999/xhtml">&b;</div>'
    )
    found = _found({"resourceType": "Basic", "code": {"text": "x"}, "text": _text(bomb)})
    assert [one.code for one in found] == ["KB560"]
    assert found[0].message_id == "XHTML_XHTML_DOCTYPE_ILLEGAL"


def test_every_code_has_a_case_or_a_test_of_its_own() -> None:
    folder = Path(__file__).parents[1]
    pages = [path for kind in ("py", "yaml") for path in folder.rglob(f"*.{kind}")]
    named = {
        code for path in pages for code in re.findall(r"KB\d{3}", path.read_text(encoding="utf-8"))
    }
    assert {code.id for code in CODES} - {*named, *INVARIANTS} == set()


def test_explanations_say_what_why_and_how() -> None:
    for code in CODES:
        first, *rest = code.explanation.strip().split("\n\n")
        assert "\n" not in first, code.id
        assert first.endswith("."), code.id
        assert len(rest) >= 1, code.id
    assert len({code.name for code in CODES}) == len(CODES)
