"""FHIR XML of HL7's suites becomes the JSON that others made of the same resource."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from environ import SHARED

from fhir_kb.packages import definitions
from fhir_kb.validate.input.json import parse
from fhir_kb.validate.input.xml import parse_xml

_RELEASES = {"r4": "4.0.1", "r4b": "4.3.0", "r5": "5.0.0"}


def _pairs() -> list[tuple[str, Path, Path]]:
    """XML, and JSON of the same name under inputs/<release>/."""
    return [
        (version, xml, json)
        for release, version in _RELEASES.items()
        for json in sorted((SHARED / "tools/score/inputs").glob(f"**/{release}/**/*.json"))
        for xml in [SHARED / "suites/fhirpath" / release / "input" / f"{json.stem}.xml"]
        if xml.is_file()
    ]


def _plain(value: Any) -> Any:
    """Numbers with their digits, narrative without the space and the form that XML leaves free."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if name != "div"}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    return value


@pytest.mark.lab
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the suites in ../shared")
def test_pairs() -> None:
    pairs = _pairs()
    assert pairs
    differ = [
        xml.name
        for version, xml, json in pairs
        if _plain(parse_xml(xml.read_bytes(), definitions(version)).value)
        != _plain(parse(json.read_bytes()).value)
    ]
    assert differ == []
