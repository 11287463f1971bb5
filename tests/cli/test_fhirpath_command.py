from __future__ import annotations

import io
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

PATIENT = """{"resourceType": "Patient", "name": [{"given": ["Ann", "鍼"]}],
 "contact": [{"name": {"family": "\\u001b[2J"}}]}"""


@pytest.fixture
def patient(fhir_kb: Callable[..., Ended]) -> str:
    Path("p.json").write_text(PATIENT, encoding="utf-8")
    return "p.json"


def test_each_item_is_a_line_with_place_type_and_value(
    fhir_kb: Callable[..., Ended], patient: str
) -> None:
    assert fhir_kb("fhirpath", "name.given | 'x'", patient) == (
        0,
        (
            "Patient.name[0].given[0]  FHIR.string    Ann\n"
            "Patient.name[0].given[1]  FHIR.string    鍼\n"
            "-                         System.String  x\n"
        ),
        "",
    )


def test_a_fifo_is_read_and_one_without_a_writer_is_given_up(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_kb.pipeline.input_files.MAX_WAIT", 0.05)
    os.mkfifo("fifo")
    code, out, err = fhir_kb("fhirpath", "id", "fifo")
    assert (code, out) == (3, "")
    assert "no input from 'fifo'" in err
    writer = threading.Thread(target=Path("fifo").write_text, args=(PATIENT,))
    monkeypatch.setattr("fhir_kb.pipeline.input_files.MAX_WAIT", 60.0)
    writer.start()
    assert fhir_kb("fhirpath", "name.given.count()", "fifo").out == "-  System.Integer  2\n"
    writer.join()


def test_nothing_is_said_to_be_empty(fhir_kb: Callable[..., Ended], patient: str) -> None:
    assert fhir_kb("fhirpath", "birthDate", patient) == (0, "empty\n", "")


def test_without_a_file_the_expression_stands_alone(fhir_kb: Callable[..., Ended]) -> None:
    assert fhir_kb("fhirpath", "1.50 + 2").out == "-  System.Decimal  3.50\n"


def test_a_mistake_is_marked(fhir_kb: Callable[..., Ended], patient: str) -> None:
    code, out, err = fhir_kb("fhirpath", "name.exsts()", patient)
    assert (code, out) == (1, "")
    assert err.splitlines()[1:] == ["  name.exsts()", "       ^"]


def test_a_trace_goes_to_the_error_output(fhir_kb: Callable[..., Ended], patient: str) -> None:
    code, out, err = fhir_kb("fhirpath", "name.given.trace('here').count()", patient)
    assert (code, out) == (0, "-  System.Integer  2\n")
    assert err.splitlines()[0] == "trace here: Patient.name[0].given[0]  FHIR.string  Ann"


def test_a_value_cannot_steer_the_terminal(fhir_kb: Callable[..., Ended], patient: str) -> None:
    assert "\x1b" not in fhir_kb("fhirpath", "contact", patient).out
    assert "␛[2J" in fhir_kb("fhirpath", "contact.name.family", patient).out


def test_json(fhir_kb: Callable[..., Ended], patient: str) -> None:
    code, out, _ = fhir_kb("fhirpath", "name.given.first()", patient, "--format", "json")
    assert code == 0
    assert json.loads(out) == {
        "result": [{"type": "FHIR.string", "value": "Ann", "path": "Patient.name[0].given[0]"}]
    }
    code, out, _ = fhir_kb("fhirpath", "name(", patient, "--format", "json")
    assert code == 1
    assert "error" in json.loads(out)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, ""])
def test_what_is_not_json_is_an_error(fhir_kb: Callable[..., Ended], text: str) -> None:
    Path("x.json").write_text(text)
    code, out, err = fhir_kb("fhirpath", "id", "x.json")
    assert (code, out) == (1, "")
    assert err.startswith("x.json: this is not JSON: ")


def test_a_file_that_is_not_there_is_the_outside_world(fhir_kb: Callable[..., Ended]) -> None:
    assert fhir_kb("fhirpath", "id", "no.json").code == 3


def test_an_expression_is_needed(fhir_kb: Callable[..., Ended]) -> None:
    code, _, err = fhir_kb("fhirpath")
    assert code == 2
    assert "'EXPR'" in err


def test_lines_are_answered_one_by_one_whatever_they_hold(
    fhir_kb: Callable[..., Ended], patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [
        {"fhir": "4.0.1", "input": patient, "expression": "name.given.count()"},
        {"fhir": "5.0.0", "input": None, "expression": "true"},
        {"fhir": "9.9.9", "input": None, "expression": "true"},
        {"fhir": "5.0.0", "input": "no.json", "expression": "true"},
        {},
    ]
    text = "".join(json.dumps(each) + "\n" for each in questions) + "\nnonsense\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code, out, _ = fhir_kb("fhirpath", "--jsonl")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [list(answer) for answer in answers] == [["result"]] * 2 + [["error"]] * 4
    assert [answer["result"][0]["value"] for answer in answers[:2]] == [2, True]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_xml_gives_the_same_alone_in_lines_and_from_the_standard_input(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    xml = f'{mark}<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>'
    Path("p.xml").write_text(xml, encoding="utf-8")
    alone = json.loads(fhir_kb("fhirpath", "active", "p.xml", "--format", "json").out)
    request = {"fhir": "4.0.1", "input": "p.xml", "expression": "active"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request) + "\n"))
    in_lines = json.loads(fhir_kb("fhirpath", "--jsonl").out)
    monkeypatch.setattr("sys.stdin", io.StringIO(xml))
    piped = json.loads(fhir_kb("fhirpath", "active", "-", "--format", "json").out)
    assert alone == in_lines == piped
    assert [item["value"] for item in alone["result"]] == [True]


def test_a_request_cannot_name_the_input_that_the_requests_come_from(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = json.dumps({"fhir": "4.0.1", "input": "-", "expression": "1"})
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n{line}\n"))
    answers = [json.loads(answer) for answer in fhir_kb("fhirpath", "--jsonl").out.splitlines()]
    assert len(answers) == 2
    assert all("the standard input has the requests" in answer["error"] for answer in answers)


def test_what_has_no_size_is_not_read_without_end(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_kb.cli.fhirpath_queries.MAX_BYTES", 1024 * 1024)
    code, _, err = fhir_kb("fhirpath", "active", "/dev/zero")
    assert code == 1
    assert "larger than 1 MB" in err
