"""Small resources to publish."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fhir_kb.emit import EmittedResource, element_order, emit

BASE = "https://example.org/fhir"


class Maker(Protocol):
    def __call__(self, kind: str, name: str, **more: Any) -> EmittedResource: ...


@pytest.fixture
def make() -> Maker:
    """Makes a resource of R5 with a url and version 1.0.0, or what `more` says."""

    def made(kind: str, name: str, **more: Any) -> EmittedResource:
        resource = {
            "resourceType": kind,
            "id": name,
            "url": f"{BASE}/{kind}/{name}",
            "version": "1.0.0",
            **more,
        }
        known = {key: value for key, value in resource.items() if value is not None}
        return emit(known, element_order("5.0.0"))

    return made


@pytest.fixture
def topic(make: Maker) -> list[EmittedResource]:
    """A topic: manifest → plan → activity, Composition → plan, evidence and its author."""
    manifest = [{"type": "composed-of", "resource": f"{BASE}/PlanDefinition/plan|1.0.0"}]
    step = {"definitionCanonical": f"{BASE}/ActivityDefinition/rest|1.0.0"}
    return [
        make("ActivityDefinition", "rest", code={"text": "rest"}),
        make(
            "Composition",
            "text",
            date="2025-11-03",
            author=[{"reference": "Practitioner/author"}],
            section=[
                {"entry": [{"reference": "PlanDefinition/plan"}]},
                {"entry": [{"reference": "Evidence/finding"}]},
            ],
        ),
        make(
            "Evidence",
            "finding",
            variableDefinition=[{"observed": {"reference": "EvidenceVariable/adults"}}],
        ),
        make("EvidenceVariable", "adults"),
        make(
            "Library",
            "manifest",
            type={"coding": [{"code": "asset-collection"}]},
            relatedArtifact=manifest,
        ),
        make("PlanDefinition", "plan", title="Plan", action=[step]),
        make(
            "Practitioner",
            "author",
            url=None,
            version=None,
            identifier=[{"system": "urn:s", "value": "a,1|2"}],
        ),
    ]
