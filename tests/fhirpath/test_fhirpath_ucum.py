"""UCUM: conversions are exact, and codes are read as UCUM's grammar says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fhir_kb.fhirpath.values.ucum import factor, parts, unit
from fhir_kb.fhirpath.values.ucum_units import ARBITRARY, DEFINITIONS, SPECIAL


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("g", "mg", "1000"),
        ("[lb_av]", "g", "453.59237"),
        ("[in_i]", "cm", "2.54"),
        ("[ft_i]", "m", "0.3048"),
        ("wk", "d", "7"),
        ("a", "d", "365.25"),
        ("mo", "d", "30.4375"),
        ("h", "s", "3600"),
        ("mm[Hg]", "Pa", "133.322"),
        ("m[H2O]", "Pa", "9806.65"),
        ("bar", "kPa", "100"),
        ("mg/dL", "g/L", "0.01"),
        ("10*3/uL", "/L", "1000000000"),
        ("/min", "Hz", "1/60"),
        ("kg.m/s2", "N", "1"),
        ("m/(s.s)", "m/s2", "1"),
        ("J", "kg.m2.s-2", "1"),
        ("cal_th", "J", "4.184"),
        ("%", "1", "0.01"),
        ("[ppm]", "%", "0.0001"),
        ("{score}", "1", "1"),
        ("cm{length}", "m", "0.01"),
        ("U/L", "umol/min/L", "1"),
        ("meq/L", "mmol/L", "1"),
        ("[IU]/mL", "[iU]/L", "1000"),
        ("Kiby", "By", None),
        ("KiBy", "By", "1024"),
        ("deg", "circ", "1/360"),
        ("[drp]", "mL", "0.05"),
        ("K", "Cel", None),
        ("[iU]", "[arb'U]", None),
        ("m", "s", None),
        ("cm2", "cm", None),
        ("nonsense", "m", None),
        ("M", "m", None),
    ],
)
def test_a_factor_leads_from_one_unit_to_the_other(source, target, expected):
    assert factor(source, target) == (None if expected is None else Fraction(expected))


@pytest.mark.parametrize(
    "code",
    ["", "m//s", "m.", "(m", "m)", "k", "km2x", "m 2", "µm", "m{", "[in", "m^2", "c[in_i]", "m99"],
)
def test_what_is_no_code_has_no_unit(code):
    assert unit(code) is None


@pytest.mark.parametrize(
    "code",
    [
        "m2",
        "m-2",
        "10*-6",
        "10^3",
        "/m",
        "g{dry}.m",
        "mm[Hg]",
        "m[Hg]{x}",
        "4.[pi]",
        "ng/(8.h)",
        "uCel",
        "[in_i'H2O]",
        "cal_[15]",
        "B[SPL]",
        "dB",
        "m/s/s",
        "{a}{b}"[:3],
    ],
)
def test_these_are_codes(code):
    assert unit(code) is not None


def test_every_unit_of_the_table_is_defined():
    codes = [line.split()[0].lstrip("+") for line in DEFINITIONS.strip().splitlines()]
    assert len(codes) == len(set(codes)) > 200
    for code in (*codes, *ARBITRARY, *SPECIAL):
        assert unit(code) is not None, code


def test_a_unit_is_taken_apart():
    assert parts("g/m2") == (("g", 1), ("m", -2))
    assert parts("mm[Hg].s") == (("mm[Hg]", 1), ("s", 1))
    assert parts("m/(s.s)") is None
