"""Type names in another case: rules of R4 say `as String` for FHIR's string."""

from __future__ import annotations

import pytest

from fhir_kb.fhirpath import compile_expression
from fhir_kb.packages import definitions

PATIENT = {"resourceType": "Patient", "extension": [{"url": "urn:a", "valueString": "x"}]}


@pytest.mark.parametrize(
    ("version", "expected"), [("4.0.1", ["x"]), ("4.3.0", ["x"]), ("5.0.0", [])]
)
def test_string_in_another_case(version: str, expected: list[str]) -> None:
    compiled = compile_expression("(extension.value as String).first()", definitions(version))
    assert [item.value for item in compiled(PATIENT)] == expected  # type: ignore[union-attr]
