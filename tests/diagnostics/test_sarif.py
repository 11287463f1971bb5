"""SARIF 2.1.0: what the standard's sections 3.13 to 3.50 require of the objects that we write."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from fhir_kb.diagnostics import CodePage, Diagnostic, FindingCode, Severity, Span
from fhir_kb.diagnostics.render.sarif import Tool, render_sarif

TOOL = Tool(
    "fhir-kb",
    "1.2.3",
    {
        "KB204": FindingCode(
            "KB204", CodePage("unknown-step", Severity.ERROR, "A step is missing.\n\nAdd it.")
        )
    },
)
ERROR = Diagnostic(
    "KB204",
    Severity.ERROR,
    "wrong",
    Span("a b/tópic.yaml", 3, 5, 3, 9),
    path="PlanDefinition.action[0]",
    help="mend it",
)
NOTE = Diagnostic("KB900", Severity.INFORMATION, "hm", Span("b.yaml"))


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
ONE_UP = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = closed(["text"], text=TEXT, markdown=TEXT)
RULE = closed(
    ["id"],
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=closed([], level=LEVEL),
)
REGION = closed([], startLine=ONE_UP, startColumn=ONE_UP, endLine=ONE_UP, endColumn=ONE_UP)
LOCATION = closed(
    [],
    physicalLocation=closed(
        ["artifactLocation"],
        artifactLocation=closed(["uri"], uri={"type": "string", "pattern": "^[!-~]+$"}),
        region=REGION,
    ),
    logicalLocations=listed(closed([], fullyQualifiedName=TEXT)),
)
RESULT = closed(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=listed(LOCATION),
)
DRIVER = closed(["name"], name=TEXT, semanticVersion=TEXT, rules=listed(RULE))
RUN = closed(
    ["tool"],
    tool=closed(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=listed(RESULT),
)
LOG = closed(
    ["version", "runs"], **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": listed(RUN)}
)


def log(*findings: Diagnostic) -> Any:
    return json.loads(render_sarif(findings, TOOL))


def test_the_log_is_what_the_standard_requires() -> None:
    everywhere = Diagnostic("KB225", Severity.WARNING, "no topic", Span(""))
    Draft202012Validator(LOG).validate(log(NOTE, ERROR, everywhere))


def test_an_empty_run_is_a_run_without_results() -> None:
    Draft202012Validator(LOG).validate(log())
    assert log()["runs"][0]["results"] == []


def test_a_result_points_to_its_rule_and_its_place() -> None:
    (run,) = log(NOTE, ERROR)["runs"]
    error = run["results"][0]
    assert run["tool"]["driver"]["rules"][error["ruleIndex"]]["id"] == error["ruleId"] == "KB204"
    assert error["level"] == "error"
    assert error["message"]["text"] == "wrong; mend it"
    (place,) = error["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b/t%C3%B3pic.yaml"},
        "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "PlanDefinition.action[0]"}]


def test_a_rule_says_what_its_code_means() -> None:
    (rule,) = log(ERROR)["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "A step is missing"
    assert rule["help"]["markdown"].endswith("Add it.")
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_information_is_a_note() -> None:
    assert log(NOTE)["runs"][0]["results"][0]["level"] == "note"
