"""The validator against recorded verdicts of the HL7 engine (see ../shared/suites/README.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from environ import SHARED

from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.validate import Validator, check_text_with

SUITES = SHARED / "suites"

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not SUITES.is_dir(), reason="needs the suites in ../shared"),
]

#: Files that we refuse and the HL7 engine takes, and why we are right.
EXPLAINED = {
    "ebm-r5/Composition-236951.json": "narratives with a missing and a surplus </div>",
    "ebm-r5/Evidence-236987.json": "a range from -0.09 to -0.85 Kg, its low end above the high one",
}
#: How many of the files that the engine refuses we must refuse too. What is missing: contexts of
#: extensions, snapshots, profiles; docs/conformance.md has the list.
AT_LEAST = {"official-examples": 50, "corpora": 60}


def _verdicts(name: str) -> list[dict[str, Any]]:
    lines = (SUITES / "offline-verdicts" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    verdicts = [json.loads(line) for line in lines]
    # errors = -1: the engine crashed and gave no verdict.
    return [one for one in verdicts if one["errors"] >= 0 and one["file"].endswith(".json")]


@pytest.mark.parametrize("name", sorted(AT_LEAST))
def test_verdicts_of_the_official_engine(name: str) -> None:
    refused_by_both = 0
    # the engine was told to allow any extensions
    validators = {version: Validator(version, allowed_extensions=["any"]) for version in BY_VERSION}
    false_errors: dict[str, list[str]] = {}
    for verdict in _verdicts(name):
        data = (SUITES / name / verdict["file"]).read_bytes()
        report = check_text_with(validators[verdict["fhirVersion"]], data)
        if verdict["intrinsicErrors"] > 0:
            refused_by_both += not report.is_valid
        elif not report.is_valid and verdict["file"] not in EXPLAINED:
            false_errors[verdict["file"]] = [
                f"{i.code} {i.path} {i.message}" for i in report.issues
            ]
    assert false_errors == {}
    assert refused_by_both >= AT_LEAST[name]
