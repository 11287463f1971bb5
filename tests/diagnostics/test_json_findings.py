import json

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.diagnostics.render.json import as_data, as_issue, as_json

ERROR = Diagnostic(
    "KB204",
    Severity.ERROR,
    "wrong",
    Span("a.yaml", 3, 5, 3, 9),
    path="PlanDefinition.action[0]",
    help="mend it",
    release="r4",
)
NOTE = Diagnostic("KB900", Severity.INFORMATION, "hm", Span("b.yaml"))


def test_an_object_counts_and_lists() -> None:
    assert as_data([NOTE, ERROR], ["r5", "r4"]) == {
        "errors": 1,
        "warnings": 0,
        "notChecked": 0,
        "notes": 1,
        "findings": [
            {
                "code": "KB204",
                "severity": "error",
                "message": "wrong",
                "file": "a.yaml",
                "line": 3,
                "column": 5,
                "endLine": 3,
                "endColumn": 9,
                "path": "PlanDefinition.action[0]",
                "help": "mend it",
                "releases": ["r4"],
            },
            {"code": "KB900", "severity": "information", "message": "hm", "file": "b.yaml"},
        ],
    }


def test_it_is_one_line_of_utf8() -> None:
    line = as_json({"message": "Übung\n鍼"})
    assert line == '{"message": "Übung\\n鍼"}\n'
    assert json.loads(line) == {"message": "Übung\n鍼"}


def test_an_issue_is_that_of_an_operation_outcome_with_our_place_and_rule() -> None:
    assert as_issue(ERROR, "business-rule") == {
        "severity": "error",
        "code": "business-rule",
        "details": {"text": "wrong"},
        "diagnostics": "mend it",
        "expression": ["PlanDefinition.action[0]"],
        "line": 3,
        "col": 5,
        "rule": "KB204",
    }
