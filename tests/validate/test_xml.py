"""FHIR XML against the same checks: http://hl7.org/fhir/xml.html."""

from __future__ import annotations

import pytest

from fhir_kb.validate import check_text

_BASIC = '<Basic xmlns="http://hl7.org/fhir">{}</Basic>'
_CODE = '<code><text value="x"/></code>'


def _found(inside: str, form: str = _BASIC) -> list[str]:
    report = check_text(form.format(inside).encode())
    return [f"{one.code} {one.path}" for one in report.issues if one.code[:4] != "KB59"]


def test_values_lists_extensions_and_narrative_become_what_json_has() -> None:
    inside = (
        '<id value="a"/><text><status value="generated"/>'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>x &amp; ü</p></div></text>'
        '<contained><Patient><id value="p"/><active value="true"/><name>'
        '<given value="A"/><given id="g2"><extension url="http://example.org/e">'
        '<valueDecimal value="1.50"/></extension></given></name></Patient></contained>'
        f'{_CODE}<subject><reference value="#p"/></subject>'
    )
    assert _found(inside) == []


@pytest.mark.parametrize(
    ("inside", "finds"),
    [
        (f'<language value="en"/><id value="a"/>{_CODE}', ["KB577 Basic.id"]),
        (f'<id value="a" other="b"/>{_CODE}', ["KB576 Basic.id"]),
        (f"<id>a</id>{_CODE}", ["KB508 Basic.id", "KB576 Basic.id"]),
        (f'<id value="a"/><id value="b"/>{_CODE}', ["KB515 Basic"]),
        (f'<id xmlns="urn:other" value="a"/>{_CODE}', ["KB575 Basic.id"]),
        (f'<language id="x"/>{_CODE}', ["KB508 Basic.language"]),
        (f'<mode value="a"/>{_CODE}', ["KB512 Basic"]),
        ("<code/>", ["KB508 Basic.code"]),
        (f"<contained><Nothing/></contained>{_CODE}", ["KB511 Basic.contained[0]"]),
    ],
)
def test_what_is_wrong_in_xml_is_found_at_its_element(inside: str, finds: list[str]) -> None:
    found = _found(inside)
    assert set(finds) <= set(found)
    assert len(found) <= len(finds) + 1


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><Basic xmlns="http://hl7.org/fhir">&b;</Basic>',
        b'<Basic xmlns="http://hl7.org/fhir"><code>',
        b'<Basic xmlns="http://hl7.org/fhir"><code><text value="&reg;"/></code></Basic>',
        b'<?xml version="1.0" encoding="UTF-16"?><Basic xmlns="http://hl7.org/fhir"/>',
        '<Basic xmlns="http://hl7.org/fhir"/>'.encode("utf-16"),
        b'<Basic xmlns="http://hl7.org/fhir"><id value="\xff"/></Basic>',
        b"<" * 5000,
    ],
)
def test_what_is_no_xml_is_refused(text: bytes) -> None:
    assert [one.code for one in check_text(text).issues] == ["KB574"]


def test_deep_nesting_is_refused_in_time() -> None:
    text = b'<Basic xmlns="http://hl7.org/fhir">' + b"<extension>" * 20_000
    assert [one.code for one in check_text(text).issues] == ["KB505"]


def test_another_namespace_is_not_fhir() -> None:
    assert _found("", '<Basic xmlns="urn:other">{}</Basic>')[0].startswith("KB575")


def test_places_are_those_of_the_elements() -> None:
    text = '<Basic xmlns="http://hl7.org/fhir">\n <language value="!"/>\n <code/></Basic>'
    found = {(one.code, one.line, one.column) for one in check_text(text.encode()).issues}
    assert ("KB508", 3, 2) in found
    assert ("KB540", 2, 2) in found
