"""The script that makes the shipped profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.packages.core.profiles import CoreProfiles, _File

FHIR = "http://hl7.org/fhir/StructureDefinition/"


@pytest.fixture(name="script")
def script_module(load_script: Callable[[str], Any]) -> Any:
    return load_script("make_profiles")


def definition(number: int) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": f"http://example.org/StructureDefinition/p{number}",
        "version": "1.0.0",
        "id": f"p{number}",
        "kind": "resource",
        "type": "Patient",
        "derivation": "constraint",
        "text": {"div": "…"},
        "extension": [{"url": FHIR + "structuredefinition-wg", "valueCode": "pa"}],
        "snapshot": {
            "element": [
                {
                    "path": "Patient",
                    "definition": "for readers",
                    "constraint": [
                        {
                            "key": "k",
                            "xpath": "x",
                            "expression": "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
                        }
                    ],
                    "binding": {"strength": "required", "description": "d", "valueSet": "v"},
                }
            ]
        },
    }


def test_trimming_keeps_what_is_checked_and_mends_it(script: Any) -> None:
    made = script.trimmed(definition(1))
    assert not {"text", "extension"} & made.keys()
    assert made["snapshot"]["element"] == [
        {
            "path": "Patient",
            "constraint": [
                {
                    "key": "k",
                    "expression": (
                        "name.exists() implies name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"
                    ),
                }
            ],
            "binding": {"strength": "required", "valueSet": "v"},
        }
    ]


def test_what_is_packed_in_several_blocks_is_found(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "BLOCK", 1000)
    definitions = [script.trimmed(definition(number)) for number in range(20)]
    file = tmp_path / "profiles-x.ndjson.gz"
    file.write_bytes(script.packed(definitions, "profiles-x"))
    shipped = CoreProfiles([_File(file)])
    for one in definitions:
        assert shipped.find(one["url"]) == one


def test_the_same_definitions_in_another_order_give_the_same_bytes(script: Any) -> None:
    definitions = [script.trimmed(definition(number)) for number in range(5)]
    assert script.packed(definitions, "profiles-x") == script.packed(
        definitions[::-1], "profiles-x"
    )
