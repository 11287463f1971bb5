"""The validator's codes: each has a constant, a page, and all that a page needs."""

from __future__ import annotations

import re

import pytest

from fhir_kb.diagnostics import FindingCode
from fhir_kb.packages import definitions
from fhir_kb.validate import finding_codes

CONSTANTS = {
    name: value for name, value in vars(finding_codes).items() if isinstance(value, FindingCode)
}
MESSAGE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]+|http://hl7\.org/fhir/StructureDefinition/\S+#\S+")


def test_each_constant_has_its_page_and_each_page_its_constant() -> None:
    assert sorted(code.id for code in CONSTANTS.values()) == [
        code.id for code in finding_codes.CODES
    ]


def test_names_are_unique() -> None:
    names = [code.name for code in finding_codes.CODES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("code", tuple(finding_codes.CODES), ids=lambda code: code.id)
def test_the_page_is_complete(code: FindingCode) -> None:
    issue_types = definitions("5.0.0").value_set("http://hl7.org/fhir/ValueSet/issue-type")
    assert issue_types is not None
    assert re.fullmatch(r"KB[5-7][0-9]{2}", code.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.name)
    assert code.issue_type in issue_types.all_codes()
    assert not code.message_id or MESSAGE_ID.fullmatch(code.message_id)
    assert re.fullmatch(r"http://hl7\.org/fhir/[\w/.\-]+\.html(#[\w.\-]+)?", code.specification)
    what, *rest = code.explanation.strip().split("\n\n")
    assert what.endswith(".")
    assert rest, "the page says why it matters, or what to do"
