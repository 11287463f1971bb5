"""Resource types that FHIR does not have: http://hl7.org/fhir/resource.html#custom."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Validator

_DEFINITION: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": "http://hl7.org/fhir/StructureDefinition/Gadget",
    "kind": "resource",
    "abstract": False,
    "type": "Gadget",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/DomainResource",
    "derivation": "specialization",
}


def _codes(definition: dict[str, Any]) -> list[str]:
    validator = Validator("5.0.0", canonicals=InMemoryCanonicals([definition]))
    return [one.code for one in validator.check({"resourceType": "Gadget", "id": "a"})]


def test_a_type_that_a_definition_at_hand_makes_is_known_and_not_checked() -> None:
    assert _codes(_DEFINITION) == ["KB668"]


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://hl7.org/fhir/StructureDefinition/Widget"},
        {"type": "Widget"},
        {"kind": "logical"},
        {"derivation": "constraint"},
        {"abstract": True},
    ],
)
def test_another_definition_makes_no_type(change: dict[str, Any]) -> None:
    assert _codes(_DEFINITION | change) == ["KB511"]
