"""docs/releases.md is what lowering does."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from fhir_kb import releases
from fhir_kb.diagnostics import Span
from fhir_kb.model import Element, Text

ROOT = Path(__file__).parents[2]
SPAN = Span("topic.yaml", 1, 1)


def test_the_page_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_releases_reference.py"))
    assert script["main"](["--check"]) == 0


@pytest.mark.parametrize(
    ("release", "path", "name", "fate"),
    [
        ("r4", "Evidence", "statistic", "rule"),
        ("r4", "Library", "copyrightLabel", "extension"),
        ("r4", "PlanDefinition", "copyrightLabel", "rule"),
        ("r4b", "PlanDefinition.action", "location", "lost"),
        ("r4", "PlanDefinition", "title", "same"),
    ],
)
def test_it_says_what_happens(release: str, path: str, name: str, fate: str) -> None:
    lowering = releases.get(release).lowering  # type: ignore[attr-defined]
    assert lowering.fate(path, name)[0] == fate


def test_what_it_calls_given_up_is_given_up_with_a_word() -> None:
    step = Element(
        {
            "title": Text("A", SPAN),
            "location": Element({"concept": Element({"text": Text("Ward", SPAN)})}),
        }
    )
    plan = Element(
        {"resourceType": "PlanDefinition", "id": "x", "status": "draft", "action": [step]}
    )
    lowered = releases.get("r4b").lower(plan)
    assert "location" not in lowered.resources[0]["action"][0]
    assert [loss.code for loss in lowered.losses] == ["KB410"]
