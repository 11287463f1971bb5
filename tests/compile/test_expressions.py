"""Conditions: in words, in FHIRPath, in CQL."""

from __future__ import annotations

from pathlib import Path

from compiling import compiled, plan

STEPS = "plan:\n  steps:\n    - id: act\n      title: Act\n"


def conditions(folder: Path, lines: str, **more: str) -> list[dict[str, object]]:
    return plan(folder, STEPS + lines, **more)["action"][0]["condition"]


def test_words_alone_are_no_expression_that_an_engine_would_fail_at(tmp_path: Path) -> None:
    action = plan(tmp_path, STEPS + "      when: The patient is cold\n      text: Warm.\n")[
        "action"
    ][0]
    (one,) = action["condition"]
    assert one == {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/originalText",
                "valueString": "The patient is cold",
            }
        ],
        "kind": "applicability",
    }
    assert action["description"] == "When: The patient is cold\n\nWarm."


def test_when_once_and_until_are_of_different_kinds(tmp_path: Path) -> None:
    found = conditions(tmp_path, "      when: A\n      once: B\n      until: C\n")
    kinds = {one["extension"][0]["valueString"]: one["kind"] for one in found}
    assert kinds == {"A": "applicability", "B": "start", "C": "stop"}


def test_what_starts_and_ends_a_step_is_said_in_its_order_and_never_evaluated(
    tmp_path: Path,
) -> None:
    lines = (
        "      until: {text: Warm again, fhirpath: 'true'}\n      once: [{cql: Cold}, He says so]\n"
    )
    action = plan(tmp_path, STEPS + lines)["action"][0]
    assert [one.get("expression") for one in action["condition"]] == [None, None, None]
    (formal,) = action["condition"][0]["extension"]
    assert formal == {
        "url": "http://hl7.org/fhir/StructureDefinition/cqf-expression",
        "valueExpression": {"language": "text/cql-expression", "expression": "Cold"},
    }
    assert [one["url"].rpartition("/")[2] for one in action["condition"][2]["extension"]] == [
        "originalText",
        "cqf-expression",
    ]
    assert action["description"] == "Once: Cold\n\nOnce: He says so\n\nUntil: Warm again"


def test_a_condition_that_engines_evaluate_is_not_repeated(tmp_path: Path) -> None:
    action = plan(tmp_path, STEPS + "      when: {text: Adult, fhirpath: 'true'}\n")["action"][0]
    assert "description" not in action


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
    assert expression["reference"] == "https://kb.test/fhir/Library/Logic|1.0.0"
    assert made["library"] == ["https://kb.test/fhir/Library/Logic|1.0.0"]


def test_bad_fhirpath_is_found_in_its_place(tmp_path: Path) -> None:
    made = compiled(tmp_path, f"{STEPS}      when: [{{fhirpath: age > > 3}}]\n")
    (found,) = (one for one in made.diagnostics if one.code == "KB353")
    assert (found.span.line, found.span.column) == (8, 31)  # the second >


def test_a_condition_says_something(tmp_path: Path) -> None:
    (found,) = compiled(tmp_path, f"{STEPS}      when: [{{name: nothing}}]\n").diagnostics
    assert found.code == "KB354"


def test_a_bad_path_of_a_dynamic_value_is_found_too(tmp_path: Path) -> None:
    lines = "      dynamic-values: {title: {fhirpath: ')'}}\n"
    assert [one.code for one in compiled(tmp_path, STEPS + lines).diagnostics] == ["KB353"]


def test_conditions_in_the_plan_itself_are_noted_once(tmp_path: Path) -> None:
    lines = "      when: [{fhirpath: 'true'}, In words]\n    - {id: b, title: B, when: {cql: A}}\n"
    (found,) = compiled(tmp_path, STEPS + lines).diagnostics
    assert (found.code, found.severity.value) == ("KB414", "information")
    assert found.message.startswith("a condition of 2 steps, 'act' first, is written into")


def test_a_condition_by_name_is_for_every_engine(tmp_path: Path) -> None:
    lines = "      when: [{cql-identifier: Adult, fhirpath: 'true'}, In words]\n"
    assert compiled(tmp_path, STEPS + lines).diagnostics == ()


WORDS = "http://hl7.org/fhir/StructureDefinition/originalText"


def test_a_value_in_words_has_the_expression_that_fhir_requires(tmp_path: Path) -> None:
    (value,) = plan(tmp_path, STEPS + "      dynamic-values: {timing: {text: By weight}}\n")[
        "action"
    ][0]["dynamicValue"]
    words = {"description": "By weight", "language": "text/plain", "expression": "By weight"}
    assert value == {"path": "timing", "expression": words}


def test_the_condition_of_a_trigger_in_words_is_no_expression(tmp_path: Path) -> None:
    lines = "      triggers: {data: Observation, condition: It is high}\n"
    (trigger,) = plan(tmp_path, STEPS + lines)["action"][0]["trigger"]
    assert "condition" not in trigger
    assert trigger["extension"] == [{"url": WORDS, "valueString": "It is high"}]
