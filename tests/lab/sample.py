"""A small topic, handmade, in R4 and in R5: each kind of resource and reference that we publish."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhir_kb.model import Element

BASE = "https://guidelines.test/fhir"  # the official validator refuses example.org
FHIR_VERSIONS = {"r4": "4.0.1", "r4b": "4.3.0", "r5": "5.0.0"}


def sample(release: str) -> list[Element]:
    """The topic in a release; properties are deliberately not in FHIR's order."""
    resources = [
        _plan(),
        _library(),
        _activity("measure"),
        _activity("rest"),
        _value_set(),
        _code_system(),
        _variable(release),
        _composition(release),
        _practitioner(),
    ]
    resources += [_evidence_r4(), _basic()] if release == "r4" else [_evidence(), _citation()]
    if release == "r5":
        resources.append(_assessment())
    if release == "r4b":
        for resource in resources:
            if resource["resourceType"] == "Evidence":
                del resource["name"]  # R4 and R5 have it
    return [Element(resource) for resource in resources]


def _artifact(kind: str, name: str, /, **more: Any) -> dict[str, Any]:
    title = name.replace("-", " ").capitalize()
    text = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{title}: 5 &lt; 6</p></div>'
    return {
        "title": title,
        "status": "draft",
        "resourceType": kind,
        "version": "1.0.0",
        "url": f"{BASE}/{kind}/{name}",
        "id": name,
        "name": title.title().replace(" ", ""),
        "text": {"div": text, "status": "generated"},
        "date": "2025-11-03",
        **more,
    }


def _canonical(kind: str, name: str) -> str:
    return f"{BASE}/{kind}/{name}|1.0.0"


def _plan() -> dict[str, Any]:
    titles = {"measure": "Measure", "rest": "Rest “well”"}
    steps = [
        {"id": name, "title": title, "definitionCanonical": _canonical("ActivityDefinition", name)}
        for name, title in titles.items()
    ]
    return _artifact(
        "PlanDefinition", "topic", action=steps, library=[_canonical("Library", "topic-manifest")]
    )


def _library() -> dict[str, Any]:
    kind = {
        "system": "http://terminology.hl7.org/CodeSystem/library-type",
        "code": "asset-collection",
    }
    parts = [
        ("composed-of", "PlanDefinition", "topic"),
        ("depends-on", "ActivityDefinition", "measure"),
        ("depends-on", "ActivityDefinition", "rest"),
        ("depends-on", "ValueSet", "topic-values"),
    ]
    return _artifact(
        "Library",
        "topic-manifest",
        type={"coding": [kind]},
        relatedArtifact=[
            {"type": role, "resource": _canonical(kind_, name)} for role, kind_, name in parts
        ],
    )  # fmt: skip


def _activity(name: str) -> dict[str, Any]:
    return _artifact(
        "ActivityDefinition",
        name,
        kind="ServiceRequest",
        code={"text": name},
        timingTiming={"repeat": {"periodUnit": "d", "period": Decimal("1.50"), "frequency": 1}},
    )


def _value_set() -> dict[str, Any]:
    included = {"system": f"{BASE}/CodeSystem/topic-codes"}
    return _artifact("ValueSet", "topic-values", compose={"include": [included]})


def _code_system() -> dict[str, Any]:
    concepts = [{"code": "a", "display": "Ä & B"}, {"code": "b", "display": "B, C | D"}]
    return _artifact("CodeSystem", "topic-codes", content="complete", concept=concepts)


def _variable(release: str) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if release == "r4":
        more["characteristic"] = [{"definitionCodeableConcept": {"text": "adults"}}]
    elif release == "r4b":
        more["characteristic"] = [{"definitionCodeableConcept": {"text": "adults"}}]
        more["actual"] = True
    return _artifact("EvidenceVariable", "adults", **more)


def _evidence() -> dict[str, Any]:
    role = {"system": "http://terminology.hl7.org/CodeSystem/variable-role", "code": "population"}
    population = {
        "observed": {"reference": "EvidenceVariable/adults"},
        "variableRole": {"coding": [role]},
    }
    return _artifact(
        "Evidence",
        "finding",
        citeAsReference={"reference": "Citation/study"},
        variableDefinition=[population],
    )


def _evidence_r4() -> dict[str, Any]:
    return _artifact(
        "Evidence", "finding", exposureBackground={"reference": "EvidenceVariable/adults"}
    )


def _citation() -> dict[str, Any]:
    title = {"text": "A study"}
    return _artifact("Citation", "study", citedArtifact={"title": [title]})


def _identifier(name: str) -> dict[str, str]:
    return {"value": f"{name}|1.0.0", "system": f"{BASE}/identifiers"}


def _basic() -> dict[str, Any]:
    return {
        "resourceType": "Basic",
        "id": "study",
        "code": {"text": "Citation"},
        "identifier": [_identifier("study")],
        "author": {"reference": "Practitioner/author"},
    }


def _composition(release: str) -> dict[str, Any]:
    identifier = _identifier("topic-text")
    text = (
        '<div xmlns="http://www.w3.org/1999/xhtml"><ul><li>One<ul><li>Two</li></ul></li></ul></div>'
    )
    composition = {
        "resourceType": "Composition",
        "id": "topic-text",
        "identifier": [identifier] if release == "r5" else identifier,
        "status": "final",
        "type": {"text": "Guideline"},
        "date": "2025-11-03",
        "title": "Topic",
        "author": [{"reference": "Practitioner/author"}],
        "section": [
            {
                "text": {"status": "generated", "div": text},
                "title": "Procedure",
                "entry": [{"reference": "PlanDefinition/topic"}, {"reference": "Evidence/finding"}],
            }
        ],
    }
    if release == "r5":
        composition |= {"url": f"{BASE}/Composition/topic-text", "version": "1.0.0"}
    return composition


def _practitioner() -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": "author",
        "identifier": [_identifier("author")],
        "name": [{"text": "The author"}],
    }


def _assessment() -> dict[str, Any]:
    return {
        "resourceType": "ArtifactAssessment",
        "id": "rating",
        "identifier": [_identifier("rating")],
        "artifactReference": {"reference": "Evidence/finding"},
        "content": [
            {
                "informationType": "comment",
                "summary": "Careful",
                "quantity": {"value": Decimal("2.0")},
            }
        ],
    }
