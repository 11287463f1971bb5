"""Expression constraints of SNOMED CT: http://snomed.org/ecl."""

from __future__ import annotations

import pytest

from fhir_kb.terminology.ecl import is_invalid_ecl


@pytest.mark.parametrize(
    "constraint",
    [
        "<< 73211009 |Diabetes mellitus|",
        "73211009",
        "<<73211009 OR (<! 404684003 MINUS ^ 700043003 |a set (x)|)",
        "*",
        "< 404684003 : 363698007 = << 39057004",
        '< 404684003 {{ term = "heart" }}',
        "!!> (^ 700043003), << 73211009",
        "< 19829001 . 363698007",
    ],
)
def test_constraints_that_can_be_read(constraint: str) -> None:
    assert not is_invalid_ecl(constraint)


@pytest.mark.parametrize(
    "constraint",
    ["234234 << 234234", "<", "<< 73211009 AND", "(<< 73211009", "<< 73211009)", "OR 73211009"],
)
def test_constraints_that_cannot(constraint: str) -> None:
    assert is_invalid_ecl(constraint)
