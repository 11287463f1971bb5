"""What is no longer defined is retired by a status that its type has, in each release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory import MemoryServer
from pushed import kinds, push

from fhir_kb.model.fhir_release import FHIR_RELEASES, FhirRelease
from fhir_kb.pipeline import build
from fhir_kb.push.planning.retirement import retired_status
from fhir_kb.validate import Validator

DEFINITIONS = Path(__file__).parents[2] / "definitions"
#: http://hl7.org/fhir/{R4,R4B,R5}/<type>.html: what `status` may be. All others of our types are
#: bound to publication-status, which has `retired`.
WITHOUT = {
    ("r4", "Composition"), ("r4b", "Composition"), ("r4", "Basic"), ("r4b", "Basic"),
    ("r5", "Basic"), ("r5", "ArtifactAssessment"),
}  # fmt: skip


@pytest.fixture(scope="session", name="published")
def published_fixture(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """One resource of each type of each release, as it is published."""
    output = tmp_path_factory.mktemp("retired")
    assert build(DEFINITIONS, output=output, models=False).exit_code == 0
    published = {}
    for release in FHIR_RELEASES:
        by_type = {}
        for path in sorted((output / release.name).glob("[A-Z]*-*.json")):
            resource = orjson.loads(path.read_bytes())
            by_type.setdefault(resource["resourceType"], resource)
        published[release.name] = list(by_type.values())
    return published


@pytest.mark.parametrize("release", FHIR_RELEASES, ids=lambda release: release.name)
def test_a_retired_resource_of_each_type_is_valid(
    published: dict[str, list[dict[str, Any]]], release: FhirRelease
) -> None:
    validator = Validator(release.version)
    types = [resource["resourceType"] for resource in published[release.name]]
    assert len(types) >= 8
    for resource in published[release.name]:
        status = retired_status(release.name, resource["resourceType"])
        expected = "retired"
        if (release.name, resource["resourceType"]) in WITHOUT:
            expected = None
        elif (release.name, resource["resourceType"]) == ("r5", "Composition"):
            expected = "deprecated"
        assert status == expected, resource["resourceType"]
        if status is not None:
            issues = validator.check({**resource, "status": status})
            assert [issue for issue in issues if issue.severity.value == "error"] == []


@pytest.mark.parametrize("release", FHIR_RELEASES, ids=lambda release: release.name)
def test_no_status_is_sent_that_the_type_does_not_have(
    published: dict[str, list[dict[str, Any]]], release: FhirRelease, tmp_path: Path
) -> None:
    server = MemoryServer()
    server.capabilities = replace(server.capabilities, release=release.name)
    resources = [
        {
            key: resource[key]
            for key in ("resourceType", "id", "url", "version", "status")
            if key in resource
        }
        for resource in published[release.name]
    ]
    push(server, tmp_path, resources)
    plan, result = push(server, tmp_path, [], "many")
    assert not result.failed
    actions = kinds(plan)
    for ref, content in server.contents().items():
        status = retired_status(release.name, content["resourceType"])
        assert actions[ref] == ("orphaned" if status is None else "retire")
        if status is not None:
            assert content["status"] == status
    orphaned = [change for change in plan.changes if change.action == "orphaned"]
    assert all("--delete deletes it" in change.reason for change in orphaned)
    plan, _ = push(server, tmp_path, [], "many", delete=True)
    assert set(kinds(plan).values()) == {"delete"}
    assert server.contents() == {}


def test_an_unknown_release_retires_nothing() -> None:
    assert retired_status("", "PlanDefinition") is None
    assert retired_status("r4", "Nonsense") is None
