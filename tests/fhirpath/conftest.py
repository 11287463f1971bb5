"""What the tests of FHIRPath share."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from environ import SHARED

from fhir_kb.fhirpath import Element, FHIRPathError, Services, compile_expression
from fhir_kb.fhirpath.protocol import result_item
from fhir_kb.packages import definitions

REPOSITORY = Path(__file__).parents[2]

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "ada",
    "active": True,
    "name": [
        {"use": "official", "family": "Lovelace", "given": ["Ada", "Augusta"]},
        {"use": "maiden", "family": "Byron", "given": ["Ada"]},
    ],
    "telecom": [{"system": "phone", "value": "1234", "rank": 1}, {"system": "email"}],
    "gender": "female",
    "birthDate": "1815-12-10",
    "_birthDate": {
        "extension": [{"url": "http://example.org/birth-time", "valueTime": "10:30:00"}]
    },
    "deceasedDateTime": "1852-11-27",
    "generalPractitioner": [{"reference": "#gp"}, {"reference": "Organization/o1"}],
    "contained": [{"resourceType": "Practitioner", "id": "gp", "active": False}],
}
"""A patient as the examples need her; the facts of her life are public, the telephone is not."""


def texts(items: list[Any]) -> list[str]:
    """The items as people write them."""
    found = []
    for item in items:
        value = item.value if isinstance(item, Element) else result_item(item).value
        if isinstance(value, bool):
            found.append("true" if value else "false")
        elif isinstance(value, Decimal):
            found.append(format(value, "f"))
        elif isinstance(value, dict):
            found.append(json.dumps(value, sort_keys=True))
        else:
            found.append(str(value))
    return found


Evaluate = Callable[..., str]


@pytest.fixture(scope="session")
def evaluate() -> Evaluate:
    """Evaluates an expression: the items joined by " | ", or "error"."""

    def run(
        expression: str,
        resource: Any = PATIENT,
        *,
        fhir: str = "5.0.0",
        services: Services | None = None,
        **options: Any,
    ) -> str:
        try:
            compiled = compile_expression(expression, definitions(fhir), **options)
            items = compiled(resource, services=services or Services())
        except FHIRPathError:
            return "error"
        return " | ".join(texts(items))

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the suites; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not here: the suites cannot be run")
    return SHARED
