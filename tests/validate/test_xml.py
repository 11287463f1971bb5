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
    assert [one for one in _found(inside) if not one.startswith("KB680")] == []


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


_XHTML = "http://www.w3.org/1999/xhtml"
_FHIR = "http://hl7.org/fhir"


def _narrative(div: str, declared: str = "", on_text: str = "") -> str:
    text = f'<text{on_text}><status value="generated"/>{div}</text>'
    return f'<Basic xmlns="{_FHIR}"{declared}>{text}{_CODE}</Basic>'


@pytest.mark.parametrize(
    "text",
    [
        _narrative("<h:div><h:p>x</h:p></h:div>", f' xmlns:h="{_XHTML}"'),
        _narrative("<h:div><h:p>x</h:p></h:div>", on_text=f' xmlns:h="{_XHTML}"'),
        _narrative(f'<h:div xmlns:h="{_XHTML}"><h:p>x</h:p></h:div>'),
        _narrative("<h:div><g:p>x</g:p></h:div>", f' xmlns:h="{_XHTML}" xmlns:g="{_XHTML}"'),
        _narrative(f'<h:div><p xmlns="{_XHTML}">x</p></h:div>', f' xmlns:h="{_XHTML}"'),
        _narrative(
            '<h:div><h:a href="https://example.org">x</h:a></h:div>', f' xmlns:h="{_XHTML}"'
        ),
        (
            f'<f:Basic xmlns:f="{_FHIR}" xmlns="{_XHTML}"><f:text><f:status value="generated"/>'
            '<div><p>x</p></div></f:text><f:code><f:text value="x"/></f:code></f:Basic>'
        ),
        (
            f'<f:Basic xmlns:f="{_FHIR}" xmlns:h="{_XHTML}"><f:text><f:status value="generated"/>'
            '<h:div>x</h:div></f:text><f:code><f:text value="x"/></f:code></f:Basic>'
        ),
        (
            f'<Bundle xmlns="{_FHIR}" xmlns:h="{_XHTML}"><type value="collection"/><entry><fullUrl '
            'value="https://example.org/Basic/a"/><resource><Basic><id value="a"/><text><status '
            f'value="generated"/><h:div>x</h:div></text>{_CODE}</Basic></resource></entry></Bundle>'
        ),
        _narrative(f'<div xmlns="{_XHTML}"><![CDATA[a < b]]><!-- c > d --></div>'),
    ],
)
def test_a_namespace_holds_for_the_narrative_wherever_it_is_declared(text: str) -> None:
    assert _found("", text.replace("{", "{{")) == []


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        (_narrative("<h:div><p>x</p></h:div>", f' xmlns:h="{_XHTML}"'), "KB561"),
        (_narrative(f'<div xmlns="{_XHTML}"><q:p>x</q:p></div>', ' xmlns:q="urn:q"'), "KB561"),
        (_narrative("<h:div><h:script/>x</h:div>", f' xmlns:h="{_XHTML}"'), "KB562"),
        (_narrative('<h:div><h:p href="#a">x</h:p></h:div>', f' xmlns:h="{_XHTML}"'), "KB563"),
        (_narrative("<h:div><h:p><h:ul/></h:p>x</h:div>", f' xmlns:h="{_XHTML}"'), "KB567"),
        (_narrative("<h:div> </h:div>", f' xmlns:h="{_XHTML}"'), "KB565"),
        (_narrative(f'<div xmlns="{_XHTML}"/>'), "KB565"),
        (_narrative(f'<div xmlns="{_XHTML}" title="a > b"/>'), "KB565"),
    ],
)
def test_what_is_wrong_in_a_narrative_with_prefixes_is_found(text: str, finds: str) -> None:
    assert _found("", text) == [f"{finds} Basic.text.div"]


@pytest.mark.parametrize(
    "text",
    [
        f'<?a b?><Basic xmlns="{_FHIR}">{_CODE}</Basic>',
        f'<Basic xmlns="{_FHIR}"><?a b?>{_CODE}</Basic>',
        _narrative(f'<div xmlns="{_XHTML}"><?a b > c?>x</div>'),
    ],
)
def test_a_processing_instruction_is_an_error_as_hl7s_validator_has_it(text: str) -> None:
    assert [found.split()[0] for found in _found("", text)] == ["KB576"]


def test_a_resource_type_in_other_case_is_named() -> None:
    (issue,) = check_text(f'<patient xmlns="{_FHIR}"/>'.encode()).issues
    assert (issue.code, issue.help) == ("KB511", "did you mean 'Patient'?")
