"""The releases as the rest of fhir-kb sees them."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb import releases
from fhir_kb.diagnostics import Severity, Span
from fhir_kb.model import Element
from fhir_kb.model.fhir_release import BY_NAME, NAMES
from fhir_kb.model.resource_kind import BY_TYPE, RESOURCE_KINDS
from fhir_kb.packages import definitions
from fhir_kb.releases.pre_r5.release import PreR5Release

LIBRARY = {"resourceType": "Library", "id": "x", "status": "draft", "type": {"text": "t"}}


@pytest.mark.parametrize(
    ("name", "fhir_version", "label"),
    [("r5", "5.0.0", "FHIR R5"), ("r4b", "4.3.0", "FHIR R4B"), ("r4", "4.0.1", "FHIR R4")],
)
def test_each_release_says_who_it_is(name: str, fhir_version: str, label: str) -> None:
    release = releases.get(name)
    assert (release.fhir.name, release.fhir.version, release.fhir.title) == (
        name,
        fhir_version,
        label,
    )
    has = definitions(fhir_version).resource_types
    assert {kind.type for kind in RESOURCE_KINDS if release.fhir in kind.releases} == has & {
        *BY_TYPE
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_that_a_release_has_is_in_its_table(name: str) -> None:
    """Where it is not, scripts/make_lowering_tables.py has to be run for the new kind."""
    release = releases.get(name)
    if isinstance(release, PreR5Release):
        types = {kind.type for kind in RESOURCE_KINDS if release.fhir in kind.releases}
        assert types - {*release.lowering.table.properties} == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_declared_release_can_be_got(name: str) -> None:
    assert releases.get(name).fhir is BY_NAME[name]


@pytest.mark.parametrize(("name", "hint"), [("r4c", "did you mean"), ("stu3", "r5")])
def test_an_unknown_release_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        releases.get(name)


def test_r5_gives_everything_as_it_is() -> None:
    (lowered,) = releases.get("r5").lower(Element(LIBRARY)).resources
    assert lowered == LIBRARY


def test_r5_leaves_the_resource_it_is_given_alone() -> None:
    complete = {**LIBRARY, "url": "u", "version": "1", "title": "t", "description": "d"}
    given = Element({**complete, "date": "2026-01-01"})
    (lowered,) = releases.get("r5").lower(given).resources
    assert "meta" in lowered
    assert "meta" not in given


@pytest.mark.parametrize("name", ["r4b", "r4"])
def test_what_is_lowered_is_left_alone(name: str) -> None:
    action = {"linkId": "a", "code": {"text": "c"}, "extension": [{"url": "u", "valueCode": "c"}]}
    plan: dict[str, Any] = {"resourceType": "PlanDefinition", "id": "p", "action": [action]}
    before = repr(plan)
    releases.get(name).lower(Element(plan))
    assert repr(plan) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_same_input_gives_the_same_output(name: str) -> None:
    resource = Element({**LIBRARY, "copyrightLabel": "c", "colour": "blue"})
    assert releases.get(name).lower(resource) == releases.get(name).lower(resource)


def test_places_are_kept() -> None:
    span, inner = Span("topic.yaml", 3, 1, 9, 1), Span("topic.yaml", 4, 5, 4, 9)
    action = Element({"linkId": "a", "title": "A"}, span=inner, spans={"linkId": inner})
    plan = Element({"resourceType": "PlanDefinition", "id": "p", "action": [action]}, span=span)
    (lowered,) = releases.get("r4").lower(plan).resources
    assert lowered.span == span
    assert lowered["action"][0].span == inner
    assert lowered["action"][0].spans == {"id": inner}


def test_a_type_that_is_not_ours_is_left_out_aloud() -> None:
    lowered = releases.get("r4").lower(Element({"resourceType": "Patient", "id": "x"}))
    assert lowered.resources == ()
    assert [(loss.code, loss.severity) for loss in lowered.losses] == [("KB400", Severity.WARNING)]


def test_codes_are_unique_and_explained() -> None:
    ids = [code.id for code in releases.CODES]
    assert len(ids) == len(set(ids))
    assert all(code.id.startswith("KB4") for code in releases.CODES)
    assert all(len(code.summary) < 100 for code in releases.CODES)
