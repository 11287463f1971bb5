"""What `fhir-kb build` prints, on builds made by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

COUNTS = {
    "ActivityDefinition": 8,
    "ArtifactAssessment": 1,
    "Citation": 3,
    "Composition": 3,
    "Evidence": 2,
    "EvidenceVariable": 6,
    "Library": 3,
    "PlanDefinition": 4,
}


VERSIONS = {"r5": "5.0.0", "r4": "4.0.1"}


def release(name: str, label: str, **counts: int) -> Any:
    return SimpleNamespace(
        name=name, label=label, fhir_version=VERSIONS[name], counts=counts, folder=f"output/{name}"
    )


def lost(line: int, what: str, *releases: str) -> list[Diagnostic]:
    span = Span("definitions/a/references.yaml", line, 1, line, 9)
    return [
        Diagnostic("KB401", Severity.WARNING, what, span, release=release) for release in releases
    ]


def a_build(**changes: Any) -> Any:
    whole: dict[str, Any] = {
        "diagnostics": (),
        "losses": (*lost(1, "R4 has no Citation; it is kept as text", "r4"),),
        "releases": (release("r5", "FHIR R5", **COUNTS), release("r4", "FHIR R4", Library=3)),
        "files": SimpleNamespace(created=40, changed=0, unchanged=2, removed=1),
        "topics": 3,
        "without_models": 0,
        "exit_code": 0,
    }
    return SimpleNamespace(**{**whole, **changes})


def answering(result: Any, asked: dict[str, Any] | None = None) -> Callable[..., Any]:
    def build(definitions: Any, **options: Any) -> Any:
        if asked is not None:
            asked.update(options, definitions=definitions)
        options["progress"].stage("compiling", 3)
        options["progress"].advance(3)
        return result

    return build


def test_the_summary_says_what_was_made_where_in_which_releases_and_what_was_lost(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    stand_in("fhir_kb.bulk", build=answering(a_build()))
    code, out, err = fhir_kb("build")
    assert code == 0
    assert out == (
        "output/  3 topics; files: 40 new, 2 unchanged, 1 removed\n"
        "  r5/   FHIR R5    30 resources: 8 ActivityDefinition, 1 ArtifactAssessment,\n"
        "                                 3 Citation, 3 Composition, 2 Evidence,\n"
        "                                 6 EvidenceVariable, 3 Library, 4 PlanDefinition\n"
        "  r4/   FHIR R4     3 resources: 3 Library\n"
        "1 thing a release cannot say (1 in R4):\n"
        "  definitions/a/references.yaml:1:1\n"
        "    R4 has no Citation; it is kept as text (R4)\n"
    )
    assert err == "compiling (3)\n"


def test_the_words_reach_the_build(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    asked: dict[str, Any] = {}
    stand_in("fhir_kb.bulk", build=answering(a_build(), asked))
    fhir_kb("build", "kb", "-o", "out", "--fhir", "R5,4.0.1,r5", "-j", "2", "--no-cache")
    del asked["progress"]
    shown = {name: str(value) for name, value in asked.items()}
    assert shown == {
        "definitions": "kb",
        "output": "out",
        "releases": "('r5', 'r4')",
        "jobs": "2",
        "cache": "False",
        "models": "None",
    }


def test_errors_are_1_and_nothing_is_said_to_be_made(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    wrong = Diagnostic("KB204", Severity.ERROR, "wrong", Span("definitions/a/topic.yaml"))
    failed = a_build(diagnostics=(wrong,), losses=(), releases=(), files=None, exit_code=1)
    stand_in("fhir_kb.bulk", build=answering(failed))
    code, out, _ = fhir_kb("build")
    assert (code, out) == (
        1,
        (
            "definitions/a/topic.yaml: error[KB204] wrong\n1 error in 1 file\n"
            "Nothing was written to output/\n"
        ),
    )


def test_many_losses_are_cut_and_all_shows_them(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    many = [each for line in range(1, 10) for each in lost(line, f"thing {line}", "r4", "r5")]
    stand_in("fhir_kb.bulk", build=answering(a_build(losses=tuple(many))))
    out = fhir_kb("build").out
    assert "9 things a release cannot say (9 in R5, 9 in R4):" in out
    assert "… and 4 more; --all shows them" in out
    assert "thing 9" not in out
    assert "thing 9" in fhir_kb("build", "--all").out


def test_quiet_prints_findings_only(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    stand_in("fhir_kb.bulk", build=answering(a_build()))
    assert fhir_kb("build", "-q") == (0, "", "")


def test_json_is_one_object_with_all_of_it(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    stand_in("fhir_kb.bulk", build=answering(a_build()))
    found = json.loads(fhir_kb("build", "--format", "json").out)
    assert found["releases"][1] == {
        "name": "r4",
        "fhirVersion": "4.0.1",
        "label": "FHIR R4",
        "folder": "output/r4",
        "resources": {"Library": 3},
    }
    assert found["files"] == {"new": 40, "changed": 0, "unchanged": 2, "removed": 1}
    assert (found["errors"], found["findings"]) == (0, [])
    assert found["losses"][0]["releases"] == ["r4"]


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_losses_are_findings_to_other_programs(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None], form: str
) -> None:
    stand_in("fhir_kb.bulk", build=answering(a_build()))
    stand_in("fhir_kb.pipeline", catalogue=dict)
    assert "R4 has no Citation" in fhir_kb("build", "--format", form).out


def test_colour_only_where_it_is_wanted(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None], monkeypatch: Any
) -> None:
    stand_in("fhir_kb.bulk", build=answering(a_build()))
    assert "\x1b" not in fhir_kb("build").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1m" in fhir_kb("build").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in fhir_kb("build").out
