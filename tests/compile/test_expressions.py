"""Conditions: in words, in FHIRPath, in CQL."""

from __future__ import annotations

from pathlib import Path

from compiling import compiled, plan

STEPS = "plan:\n  steps:\n    - id: act\n      title: Act\n"


def conditions(folder: Path, lines: str, **more: str) -> list[dict[str, object]]:
    return plan(folder, STEPS + lines, **more)["action"][0]["condition"]


def test_words_alone_are_nothing_that_an_engine_could_take_for_true(tmp_path: Path) -> None:
    (one,) = conditions(tmp_path, "      when: The patient is cold\n")
    assert one == {
        "kind": "applicability",
        "expression": {
            "description": "The patient is cold",
            "language": "text/plain",
            "expression": "The patient is cold",
        },
    }


def test_when_once_and_until_are_of_different_kinds(tmp_path: Path) -> None:
    found = conditions(tmp_path, "      when: A\n      once: B\n      until: C\n")
    kinds = {one["expression"]["description"]: one["kind"] for one in found}
    assert kinds == {"A": "applicability", "B": "start", "C": "stop"}


def test_words_explain_the_expression(tmp_path: Path) -> None:
    (one,) = conditions(tmp_path, "      when: [{text: Adult, fhirpath: 'true', name: is-adult}]\n")
    assert one["expression"] == {
        "description": "Adult",
        "name": "isAdult",
        "language": "text/fhirpath",
        "expression": "true",
    }


def test_a_second_language_is_an_alternative(tmp_path: Path) -> None:
    (one,) = conditions(tmp_path, "      when: [{cql: AgeInYears() > 17, fhirpath: 'true'}]\n")
    (other,) = one["expression"]["extension"]
    assert one["expression"]["language"] == "text/cql-expression"
    assert other["url"].endswith("/cqf-alternativeExpression")
    assert other["valueExpression"] == {"language": "text/fhirpath", "expression": "true"}


def test_a_definition_of_a_library_leads_there(tmp_path: Path) -> None:
    libraries = "libraries: {logic: {file: logic.cql, title: Logic}}\n"
    lines = f"      when: [{{cql-identifier: Is Adult, library: logic}}]\n{libraries}"
    made = plan(tmp_path, STEPS + lines, files={"logic.cql": "library Logic"})
    expression = made["action"][0]["condition"][0]["expression"]
    assert expression["reference"] == "https://kb.test/fhir/Library/sepsis.logic|1.0.0"
    assert made["library"] == ["https://kb.test/fhir/Library/sepsis.logic|1.0.0"]


def test_bad_fhirpath_is_found_in_its_place(tmp_path: Path) -> None:
    (found,) = compiled(tmp_path, f"{STEPS}      when: [{{fhirpath: age > > 3}}]\n").diagnostics
    assert found.code == "KB353"
    assert (found.span.line, found.span.column) == (8, 31)  # the second >


def test_a_condition_says_something(tmp_path: Path) -> None:
    (found,) = compiled(tmp_path, f"{STEPS}      when: [{{name: nothing}}]\n").diagnostics
    assert found.code == "KB354"


def test_a_bad_path_of_a_dynamic_value_is_found_too(tmp_path: Path) -> None:
    lines = "      dynamic-values: {title: {fhirpath: ')'}}\n"
    assert [one.code for one in compiled(tmp_path, STEPS + lines).diagnostics] == ["KB353"]
