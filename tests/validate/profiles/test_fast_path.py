"""The fast path never accepts what the full walk would report, whatever is damaged."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals, core_profiles
from fhir_kb.validate import Validator
from fhir_kb.validate.profiles.fast_path.profiles import ProfileFastPath

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"

Issues = list[tuple[str, str, str]]
Damage = Callable[[Any, random.Random, Sequence[Any]], Any]


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _pressure(code: str) -> dict[str, Any]:
    quantity = {"value": 100, "unit": "mmHg", "system": _UCUM, "code": "mm[Hg]"}
    return {"code": _coded(_LOINC, code), "valueQuantity": quantity}


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "meta": {"profile": [_CORE + "bp", _CORE + "vitalsigns"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'},
    "status": "final",
    "category": [_coded(_CATEGORY, "vital-signs"), _coded(_CATEGORY, "exam")],
    "code": _coded(_LOINC, "85354-9"),
    "subject": {"reference": "Patient/p"},
    "performer": [{"reference": "Practitioner/p"}],
    "effectiveDateTime": "2020-01-01",
    "component": [_pressure("8480-6"), _pressure("8462-4")],
}
VALUE_SET: dict[str, Any] = {
    "resourceType": "ValueSet",
    "extension": [
        {"url": _CORE + "structuredefinition-wg", "valueCode": "fhir"},
        {"url": _CORE + "structuredefinition-standards-status", "valueCode": "trial-use"},
        {"url": _CORE + "structuredefinition-normative-version", "valueCode": "5.0.0"},
    ],
    "meta": {"profile": [_CORE + "shareablevalueset", _CORE + "computablevalueset"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'},
    "url": "https://example.org/ValueSet/a",
    "version": "1",
    "name": "Names",
    "title": "Names",
    "status": "draft",
    "experimental": True,
    "publisher": "P",
    "description": "D",
    "compose": {"include": [{"system": "https://example.org/a", "concept": [{"code": "a"}]}]},
}
_ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, "", "x", "*", [], {}, [None], [""], ["x"], [{}], [{"code": 1}], {"code": "a"},
    {"reference": "Patient/p"}, {"reference": "#p"}, {"reference": "Device/d"},
)  # fmt: skip


def _issues(version: str, profiles: list[Any], resource: Any) -> Issues:
    validator = Validator(version, canonicals=InMemoryCanonicals(profiles))
    return [(issue.code, issue.path, issue.message) for issue in validator.check(resource)]


def _issues_as_by_walk(
    version: str, profiles: list[Any], resource: Any, patch: pytest.MonkeyPatch
) -> Issues:
    """What is said of the resource; the same with the walk alone."""
    issues = _issues(version, profiles, resource)
    with patch.context() as walking:
        walking.setattr(ProfileFastPath, "conforms", lambda *_: False)
        walking.setattr(ProfileFastPath, "child_conforms", lambda *_: False)
        assert _issues(version, profiles, resource) == issues, json.dumps(resource)
    return issues


@pytest.mark.parametrize("version", ["5.0.0", "4.3.0", "4.0.1"])
@pytest.mark.parametrize(
    "resource", [OBSERVATION, VALUE_SET], ids=lambda entry: entry["resourceType"]
)
def test_damaged_resources(
    version: str, resource: dict[str, Any], monkeypatch: pytest.MonkeyPatch, damage: Damage
) -> None:
    generator = random.Random(7)
    issues = [
        _issues_as_by_walk(version, [], damage(resource, generator, _ODD_VALUES), monkeypatch)
        for _ in range(60)
    ]
    assert len({json.dumps(entry) for entry in issues}) > 20


def _profile(name: str, form: str) -> dict[str, Any]:
    structure = core_profiles("5.0.0").find(_CORE + name)
    assert structure is not None
    profile: dict[str, Any] = json.loads(json.dumps(structure, default=str))
    del profile["differential" if form == "snapshot" else "snapshot"]
    return profile


@pytest.mark.parametrize("form", ["snapshot", "differential"])
@pytest.mark.parametrize(
    ("name", "resource"), [("bp", OBSERVATION), ("shareablevalueset", VALUE_SET)]
)
def test_damaged_profiles(
    name: str, resource: dict[str, Any], form: str, monkeypatch: pytest.MonkeyPatch, damage: Damage
) -> None:
    generator = random.Random(3)
    profile = _profile(name, form)
    for _ in range(25):
        claiming = {**damage(resource, generator, _ODD_VALUES), "meta": {"profile": ["urn:p"]}}
        _issues_as_by_walk(
            "5.0.0",
            [{**damage(profile, generator, _ODD_VALUES), "url": "urn:p"}],
            claiming,
            monkeypatch,
        )


def _needs_no_walk(profile: Any, resource: dict[str, Any], patch: pytest.MonkeyPatch) -> bool:
    """Whether the walk was never asked."""
    answers: list[bool] = []
    conforms_of_class = ProfileFastPath.conforms

    def conforms(self: ProfileFastPath, value: Any, type_name: str, canonical: str) -> bool:
        answers.append(conforms_of_class(self, value, type_name, canonical))
        return answers[-1]

    with patch.context() as patching:
        patching.setattr(ProfileFastPath, "conforms", conforms)
        claiming = {**resource, "meta": {"profile": ["urn:p"]}}
        assert not [issue for issue in _issues("5.0.0", [profile], claiming) if "urn:p" in issue[2]]
    return all(answers)


def _with(*elements: dict[str, Any], of: str = "Observation") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "urn:p",
        "type": of,
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": _CORE + of,
        "differential": {"element": [{"id": of, "path": of}, *elements]},
    }


def _sliced(by: list[dict[str, str]], **rules: Any) -> dict[str, Any]:
    path = "Observation.category"
    return {"id": path, "path": path, "slicing": {"discriminator": by, "rules": "open", **rules}}


_SLICE = {"id": "Observation.category:a", "path": "Observation.category", "sliceName": "a"}
_FIXED = {
    "id": "Observation.category:a.coding.code",
    "path": "Observation.category.coding.code",
    "fixedCode": "vital-signs",
}
_BY_CODE = [{"type": "value", "path": "coding.code"}]
_EXPECTED: list[tuple[str, tuple[dict[str, Any], ...], bool]] = [
    ("required", ({"id": "Observation.subject", "path": "Observation.subject", "min": 1},), True),
    ("lacking", ({"id": "Observation.focus", "path": "Observation.focus", "min": 1},), False),
    ("slices", (_sliced(_BY_CODE), {**_SLICE, "min": 1, "max": "1"}, _FIXED), True),
    ("too few", (_sliced(_BY_CODE), {**_SLICE, "min": 2}, _FIXED), False),
    ("closed", (_sliced(_BY_CODE, rules="closed"), _SLICE, _FIXED), False),
    ("ordered", (_sliced(_BY_CODE, ordered=True), _SLICE, _FIXED), False),
]


@pytest.mark.parametrize(
    ("name", "elements", "needs_no_walk"), _EXPECTED, ids=lambda part: str(part)[:9]
)
def test_what_the_fast_path_decides(
    name: str,
    elements: tuple[dict[str, Any], ...],
    needs_no_walk: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not needs_no_walk:
        issues = _issues_as_by_walk(
            "5.0.0",
            [_with(*elements)],
            {**OBSERVATION, "meta": {"profile": ["urn:p"]}},
            monkeypatch,
        )
        assert name == "ordered" or [issue for issue in issues if "urn:p" in issue[2]]
    else:
        assert _needs_no_walk(_with(*elements), OBSERVATION, monkeypatch)


def test_value_sets_need_no_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    target = "fhir_kb.validate.profiles.checker.walk_profile"
    monkeypatch.setattr(target, lambda *args: calls.append(args) or [])
    shareable = {**VALUE_SET, "meta": {"profile": VALUE_SET["meta"]["profile"][:1]}}
    found = _issues("5.0.0", [], shareable)
    assert {code for code, _, _ in found} == {"KB685"}  # its code system is not at hand
    assert not calls
