"""With and without fast paths, the same findings: on what is published, and on what is damaged."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.model.fhir_release import BY_VERSION, R4, R5
from fhir_kb.packages import InMemoryCanonicals, core_profiles, definitions
from fhir_kb.validate import Report, Validator, check_text_with
from fhir_kb.validate.input.json import parse
from fhir_kb.validate.input.xml import parse_xml

SHARED = Path(os.environ.get("FHIR_KB_SHARED", Path(__file__).parents[2] / "../shared"))
SUITES = SHARED / "suites"
EXAMPLES = SUITES / "official-examples"
CASES = SUITES / "fhir-validator"
CORE = "http://hl7.org/fhir/StructureDefinition/"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'

Finding = tuple[Any, ...]
Damage = Callable[[Any, random.Random, Sequence[Any]], Any]
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, "", " ", "x", "#x", "2026-02-30", [], {}, [None], [""], [{}],
    {"code": "a"},
    {"reference": "#x"}, {"coding": [{"system": "http://loinc.org", "code": "x"}]},
    [{"url": CORE + "regex", "valueString": "["}], [{"url": CORE + "data-absent-reason"}],
)  # fmt: skip

needs_suites = pytest.mark.skipif(not SUITES.is_dir(), reason="needs the suites in ../shared")


class Pair:
    """A validator with fast paths, and one without."""

    def __init__(self, version: str, *resources: Any) -> None:
        canonicals = InMemoryCanonicals(list(resources)) if resources else None
        self._fast = Validator(version, canonicals=canonicals)
        self._full = Validator(version, canonicals=canonicals, fast_paths=False)

    def agree_on(self, resource: Any) -> list[Finding]:
        """The findings in a resource, which are the same with both."""
        fast, full = (
            _findings(validator.check(resource)) for validator in (self._fast, self._full)
        )
        assert fast == full, json.dumps(resource, default=str)[:2000]
        return fast

    def agree_on_file(self, path: Path) -> None:
        """The same for what a file holds."""
        data = path.read_bytes()
        fast, full = (check_text_with(one, data) for one in (self._fast, self._full))
        assert _in_report(fast) == _in_report(full), path.name


def _findings(issues: Any) -> list[Finding]:
    return sorted(
        (issue.code, issue.path, issue.message, issue.help or "", issue.message_id, issue.pointer)
        for issue in issues
    )


def _in_report(report: Report) -> list[list[Finding]]:
    return [_findings(resource.issues) for resource in report.resources]


def _core_definitions(version: str) -> list[Any]:
    """FHIR's own profiles and extensions, which are resources themselves."""
    names = (
        "bp", "vitalsigns", "shareablevalueset", "cdshooksrequestgroup", "data-absent-reason",
        "regex", "structuredefinition-wg", "Questionnaire", "PlanDefinition",
    )  # fmt: skip
    listed = [core_profiles(version).find(CORE + name) for name in names]
    return [structure for structure in listed if structure is not None]


def _samples() -> Iterator[Any]:
    text = {"status": "generated", "div": DIV.format("a <b>b</b> <a href='#x'>c</a>")}
    yield {
        "resourceType": "Observation",
        "id": "o",
        "meta": {"profile": [CORE + "bp"], "versionId": "1"},
        "text": text,
        "status": "final",
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "#x", "display": "X"},
        "contained": [{"resourceType": "Patient", "id": "x", "birthDate": "2000"}],
        "effectivePeriod": {"start": "2020-01-01", "end": "2020"},
        "valueQuantity": {"value": 1, "code": "mm[Hg]"},
        "extension": [{"url": CORE + "event-basedOn", "valueReference": {"reference": "#x"}}],
    }
    yield {
        "resourceType": "CodeSystem",
        "url": "https://example.org/s",
        "status": "draft",
        "name": "not a name",
        "content": "complete",
        "concept": [{"code": "a"}, {"code": "b", "concept": [{"code": "a"}]}],
        "extension": [{"url": CORE + "structuredefinition-wg", "valueCode": "fhir"}],
    }
    yield {
        "resourceType": "PlanDefinition",
        "status": "draft",
        "goal": [{"id": "g", "description": {"text": "g"}}],
        "action": [
            {"goalId": ["h"], "action": [{"id": "i", "relatedAction": [{"targetId": "j"}]}]}
        ],
        "_name": {"extension": [{"url": CORE + "data-absent-reason", "valueCode": "unknown"}]},
    }
    yield {
        "resourceType": "Questionnaire",
        "status": "draft",
        "item": [{"linkId": "a", "type": "group"}, {"linkId": "a", "type": "string"}],
    }


@pytest.mark.parametrize("version", BY_VERSION)
def test_what_fhir_itself_defines(version: str) -> None:
    pair = Pair(version)
    for structure in _core_definitions(version):
        pair.agree_on(structure)


@pytest.mark.parametrize("version", BY_VERSION)
def test_damaged_resources(version: str, damage: Damage) -> None:
    pair, chance = Pair(version), random.Random(5)
    different = {
        json.dumps(pair.agree_on(damage(sample, chance, ODD_VALUES)))
        for sample in _samples()
        for _ in range(40)
    }
    assert len(different) > 60


@pytest.mark.parametrize("version", [R5.version, R4.version])
def test_damaged_definitions(version: str, damage: Damage) -> None:
    pair, chance = Pair(version), random.Random(6)
    for structure in _core_definitions(version):
        plain = json.loads(json.dumps(structure, default=str))
        pair.agree_on(damage(plain, chance, ODD_VALUES))


def test_policies_hold_without_fast_paths() -> None:
    """What is demanded of contained resources, and of codes, is no matter of speed."""
    text = {"status": "generated", "div": DIV.format("a")}
    contained = {"resourceType": "Group", "id": "g", "membership": "definitional", "type": "person"}
    plan = {
        "resourceType": "PlanDefinition",
        "status": "draft",
        "text": text,
        "contained": [contained],
        "subjectReference": {"reference": "#g"},
    }
    assert Pair(R5.version).agree_on(plan) == []
    concepts = [{"code": "a"}, {"code": "b", "concept": [{"code": "a"}]}]
    system = {"resourceType": "CodeSystem", "status": "draft", "content": "complete", "text": text}
    found = Pair(R5.version).agree_on({**system, "concept": concepts})
    assert [one[2].partition(":")[0] for one in found if "#csd-1" in one[4]] == ["csd-1"]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".xml"))


@needs_suites
@pytest.mark.lab
@pytest.mark.parametrize("version", BY_VERSION)
@pytest.mark.parametrize("suite", ["official-examples", "corpora", "fhir-validator"])
def test_all_suites(suite: str, version: str) -> None:
    folder = SUITES / suite
    if folder == EXAMPLES:
        folder /= BY_VERSION[version].name
    pair = Pair(version)
    for path in _files(folder):
        pair.agree_on_file(path)


def _read(path: Path, version: str) -> Any:
    data = path.read_bytes()
    if path.suffix == ".xml":
        return parse_xml(data, definitions(version)).value
    return parse(data).value


def _named(value: Any) -> Iterator[str]:
    """The files that a case of the HL7 validator names, at any depth."""
    if isinstance(value, str) and value.endswith((".json", ".xml")):
        yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _named(inner)


def _profile_cases() -> list[tuple[str, Path, list[Path]]]:
    """The cases that come with profiles: FHIR version, file, profiles and what they need."""
    if not CASES.is_dir():
        return []
    manifest = json.loads((CASES / "manifest.json").read_text(encoding="utf-8"))
    cases = []
    for case in manifest["test-cases"]:
        named = {key: case.get(key) for key in ("profile", "profiles", "supporting")}
        others = [CASES / name for name in _named(named) if not name.startswith("java/")]
        others = [path for path in others if path.is_file()]
        version = case["x-class"].get("fhirVersion")
        if others and version in BY_VERSION and (CASES / case["file"]).is_file():
            cases.append((version, CASES / case["file"], others))
    return cases


@needs_suites
@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.parametrize("times", [4])
def test_cases_with_profiles(times: int, damage: Damage) -> None:
    """The cases of the HL7 validator by their profiles, as they are and damaged."""
    cases, chance = _profile_cases(), random.Random(8)
    assert len(cases) > 100
    for version, path, others in cases:
        resource = _read(path, version)
        loaded = [_read(other, version) for other in others]
        structures = [
            one
            for one in loaded
            if isinstance(one, dict) and one.get("resourceType") == "StructureDefinition"
        ]
        urls = [one["url"] for one in structures if "url" in one and one.get("type") != "Extension"]
        if not isinstance(resource, dict):
            continue
        pair = Pair(version, *(one for one in loaded if isinstance(one, dict)))
        pair.agree_on(resource)
        claiming = {**resource, "meta": {"profile": urls}}
        pair.agree_on(claiming)
        for _ in range(times):
            pair.agree_on(damage(claiming, chance, ODD_VALUES))


@needs_suites
@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.parametrize("version", BY_VERSION)
def test_damaged_examples(version: str, damage: Damage) -> None:
    pair, chance = Pair(version), random.Random(9)
    for path in _files(EXAMPLES / BY_VERSION[version].name):
        resource = parse(path.read_bytes()).value
        for _ in range(5):
            pair.agree_on(damage(resource, chance, ODD_VALUES))
