"""`fhir-kb fhirpath` on XML, and with what is known of codes and profiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

XML = '<Patient xmlns="http://hl7.org/fhir"><gender value="male"/></Patient>'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("gender", "Patient.gender  FHIR.code  male\n"),
        (
            "gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')",
            "-  System.Boolean  true\n",
        ),
        ("gender.memberOf('https://kb.example.org/fhir/ValueSet/none')", "empty\n"),
        (
            "conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')",
            "-  System.Boolean  true\n",
        ),
        ("gender.elementDefinition().max", "ElementDefinition.max  FHIR.string  1\n"),
    ],
)
def test_xml_codes_and_profiles(
    fhir_kb: Callable[..., Any], expression: str, expected: str
) -> None:
    Path("p.xml").write_text(XML, encoding="utf-8")
    code, out, err = fhir_kb("fhirpath", expression, "p.xml")
    assert (code, out, err) == (0, expected, "")


def test_xml_that_is_broken_is_told(fhir_kb: Callable[..., Any]) -> None:
    Path("p.xml").write_text("<Patient", encoding="utf-8")
    code, _, err = fhir_kb("fhirpath", "name", "p.xml")
    assert code == 1
    assert err.startswith("p.xml: this is not FHIR: ")
