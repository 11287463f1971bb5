"""Whatever a profile says, checking against it gives findings, soon and without an exception."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals, core_profiles
from fhir_kb.validate import Validator

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_LONGEST = 5.0

OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "vital-signs",
                }
            ]
        }
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2020-01-01",
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": 100,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }
        for code in ("8480-6", "8462-4")
    ],
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": "https://a.org/Observation/o", "resource": OBSERVATION},
        {
            "fullUrl": "https://a.org/Patient/p",
            "resource": {"resourceType": "Patient", "id": "p", "name": [{"text": "A"}]},
        },
    ],
}


def _profile(form: str) -> dict[str, Any]:
    found = core_profiles("5.0.0").find(_CORE + "bp")
    assert found is not None
    profile: dict[str, Any] = json.loads(json.dumps(found, default=str))
    del profile["differential" if form == "snapshot" else "snapshot"]
    return profile


@pytest.mark.parametrize("form", ["snapshot", "differential"])
def test_the_profile_demands_what_it_should(form: str) -> None:
    profile = {**_profile(form), "url": "urn:p"}
    validator = Validator("5.0.0", canonicals=InMemoryCanonicals([profile]), profiles=["urn:p"])
    assert [one for one in validator.check(OBSERVATION) if one.severity.value == "error"] == []
    lacking = {**OBSERVATION, "component": OBSERVATION["component"][:1]}  # type: ignore[index]
    codes = {one.code for one in validator.check(lacking) if one.severity.value == "error"}
    assert codes <= {"KB650", "KB652"}
    assert codes


@pytest.mark.parametrize("form", ["snapshot", "differential"])
@pytest.mark.parametrize("seed", range(2))
def test_damaged_profiles(
    form: str,
    seed: int,
    load_script: Callable[[str], Any],
    damage: Callable[[Any, random.Random, Sequence[Any]], Any],
) -> None:
    text = json.dumps(_profile(form)).encode()
    tried = 0
    for data in load_script("fuzz_validate").mutations([text], 60, seed):
        try:
            profile = json.loads(data)
        except (ValueError, RecursionError):
            continue
        if isinstance(profile, dict):
            tried += 1
            _check({**profile, "url": "urn:p"})
    assert tried > 5
    chance = random.Random(seed)
    for _ in range(30):
        _check({**damage(json.loads(text), chance, _ODD), "url": "urn:p"})


def _check(profile: dict[str, Any]) -> None:
    start = time.process_time()
    validator = Validator("5.0.0", canonicals=InMemoryCanonicals([profile]), profiles=["urn:p"])
    validator.check(OBSERVATION)
    Validator(
        "5.0.0",
        canonicals=InMemoryCanonicals([profile]),
        global_profiles={"Observation": ["urn:p"]},
    ).check(BUNDLE)
    assert time.process_time() - start < _LONGEST


_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, "", "x", "Observation", "Observation.component", "*", "#", [], {},
    [[]], [None], ["x"], {"": None}, [{"code": 1}], {"type": "value", "path": "resolve().x[x]"},
)  # fmt: skip


@pytest.mark.parametrize("odd", [1, True, {"a": 1}, [[]], [1], [{}], [["x"]]])
@pytest.mark.parametrize("kind", ["profile", "type"])
def test_odd_profiles_of_what_slices_are_told_by(odd: Any, kind: str) -> None:
    target = {"code": "Reference", "targetProfile": odd, "aggregation": odd}
    told = {"path": "Observation.subject", "type": [target], "extension": odd}
    binding = {"strength": "required", "extension": odd, "additional": odd}
    by = {"type": kind, "path": "value"}
    part = "Observation.component"
    elements: list[dict[str, Any]] = [
        {"id": part, "path": part, "slicing": {"discriminator": [by], "rules": "open"}},
        {"id": f"{part}:a", "path": part, "sliceName": "a", "min": 1},
        {
            "id": f"{part}:a.value[x]",
            "path": f"{part}.value[x]",
            "type": [{"code": "Quantity", "profile": odd}],
        },
        {"id": "Observation.subject", **told},
        {"id": "Observation.code", "path": "Observation.code", "binding": binding},
    ]
    root = {"id": "Observation", "path": "Observation"}
    base = {"resourceType": "StructureDefinition", "type": "Observation", "kind": "resource"}
    rules = [{"key": odd, "severity": "error", "human": "x", "expression": "true"}]
    first = {**root, "constraint": rules}
    _check({**base, "url": "urn:p", "snapshot": {"element": [first, *elements]}})
