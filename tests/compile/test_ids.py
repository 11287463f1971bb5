"""Names of artifacts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_kb.compile.ids import artifact_id, machine_name, variable_name

NAME = st.from_regex(r"[a-z][a-z0-9]{0,30}(-[a-z0-9]{1,15}){0,2}", fullmatch=True)
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
# https://hl7.org/fhir/R5/canonicalresource-definitions.html: cnl-0
CNL_0 = re.compile(r"[A-Z]([A-Za-z0-9_]){1,254}")


def test_a_part_is_named_after_its_topic() -> None:
    assert artifact_id("dry-needling", "needle-insertion") == "dry-needling.needle-insertion"


def test_topics_whose_names_run_together_stay_apart() -> None:
    assert artifact_id("needling", "deep-insertion") != artifact_id("needling-deep", "insertion")


@given(st.lists(NAME, min_size=1, max_size=3), st.lists(NAME, min_size=1, max_size=3))
def test_other_names_are_other_ids(one: list[str], other: list[str]) -> None:
    assert FHIR_ID.fullmatch(artifact_id(*one))
    assert (artifact_id(*one) == artifact_id(*other)) == (one == other)


def test_a_long_id_is_cut_the_same_way_on_every_machine() -> None:
    assert artifact_id("a" * 40, "b" * 40) == f"{'a' * 40}.{'b' * 11}.09824946b94"


@given(st.text(max_size=300))
def test_a_machine_name_is_one(title: str) -> None:
    assert CNL_0.fullmatch(machine_name(title, "a-topic"))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Dry needling for myofascial pain", "DryNeedlingForMyofascialPain"),
        ("Behçet's disease: the basics", "BehcetSDiseaseTheBasics"),
        ("6-minute walk", "A6MinuteWalk"),
        ("敗血症", "ATopic"),
    ],
)
def test_machine_names(title: str, name: str) -> None:
    assert machine_name(title, "a-topic") == name


def test_a_variable_has_no_hyphens() -> None:
    assert variable_name("bone-age") == "boneAge"
