"""A terminology server that answers, does not know, and fails: no code is wrong by its fault."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.net import NetError, Response
from fhir_kb.packages import InMemoryCanonicals, definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.terminology.tx_cache import TxCache
from fhir_kb.terminology.tx_server import MAX_FAILURES, TxServer
from fhir_kb.validate import Validator

NOT_FOUND = {"resourceType": "OperationOutcome", "issue": [{"code": "not-found"}]}
SNOMED = "http://snomed.info/sct"
BASE = "https://tx.example.org/r5"


class Session:
    """Answers as the test says; what was asked is kept."""

    def __init__(self, reply: Callable[[str, dict[str, Any]], Any], status: int = 200) -> None:
        self.reply = reply
        self.status = status
        self.asked: list[str] = []

    def request(self, method: str, url: str, *, content: bytes | None = None, **_: Any) -> Response:
        self.asked.append(url.removeprefix(BASE + "/"))
        if url.endswith("metadata?_summary=true"):
            software = {"name": "Tx", "version": "1"}
            said: Any = {"resourceType": "CapabilityStatement", "software": software}
        else:
            sent = {one["name"]: one for one in json.loads(content or b"{}")["parameter"]}
            said = self.reply(url, sent)
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        return Response(self.status, {}, data, url, method)


def _parameters(result: Any, **more: Any) -> dict[str, Any]:
    made = [{"name": "result", "valueBoolean": result}]
    made += [{"name": name.replace("_", "-"), **value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": made}


def _server(said: Any, status: int = 200, cache: TxCache | None = None) -> tuple[TxServer, Session]:
    session = Session(lambda _url, _sent: said, status)
    return TxServer(session, BASE, cache), session


def _in_snomed(server: TxServer, code: str = "1") -> bool | None:
    terminology = TerminologyService(None, definitions("5.0.0"), server)
    return terminology.contains("urn:x:set", SNOMED, code)


def test_its_yes_and_no_are_taken() -> None:
    assert _in_snomed(_server(_parameters(True))[0]) is True
    assert _in_snomed(_server(_parameters(False))[0]) is False


def test_a_code_that_a_known_system_lacks_is_a_no() -> None:
    message = "Unable to validate code urn:x#dog - Code is not found in CodeSystem: urn:x"
    assert _in_snomed(_server(_parameters(False, message={"valueString": message}))[0]) is False


def test_a_no_to_a_plain_code_may_mean_that_its_system_is_not_inferred() -> None:
    terminology = TerminologyService(None, definitions("5.0.0"), _server(_parameters(False))[0])
    assert terminology.contains("urn:x:set", None, "a") is None


def test_a_server_that_does_not_expand_is_asked_code_by_code() -> None:
    class Weak(Session):
        def request(self, method: str, url: str, **more: Any) -> Response:
            answer = super().request(method, url, **more)
            return Response(500, {}, b"", url) if url.endswith("$expand") else answer

    session = Weak(lambda _url, _sent: _parameters(True))
    server = TxServer(session, BASE)
    assert all(_in_snomed(server, str(code)) for code in range(9))
    assert server.problem == ""
    assert session.asked.count("ValueSet/$expand") == 1


def test_what_is_known_offline_is_not_asked() -> None:
    server, session = _server(_parameters(False))
    terminology = TerminologyService(None, definitions("5.0.0"), server)
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert terminology.contains(gender, None, "male") is True
    assert terminology.has_code("http://hl7.org/fhir/administrative-gender", "male") is True
    assert session.asked == []


@pytest.mark.parametrize(
    "said",
    [
        _parameters(False, message={"valueString": "Unable to expand ValueSet: no such thing"}),
        _parameters(False, message={"valueString": "The code system could not be found"}),
        _parameters(False, message={"valueString": "Unknown code system: http://snomed.info/sct"}),
        _parameters(False, x_unknown_system={"valueCanonical": SNOMED}),
        _parameters(
            False,
            issues={"resource": NOT_FOUND},
        ),
        _parameters("false"),
        {"resourceType": "Parameters"},
        {"resourceType": "OperationOutcome", "issue": []},
        {"resourceType": "Parameters", "parameter": [3, {"name": "result"}]},
    ],
)  # fmt: skip
def test_a_no_that_means_that_it_does_not_know_is_no_answer(said: Any) -> None:
    assert _in_snomed(_server(said)[0]) is None


@pytest.mark.parametrize("said", [b"<html>", b"", b"\xff", b"[]", b'{"a": 1}'])
def test_nonsense_is_no_answer_and_is_said(said: bytes) -> None:
    server, _ = _server(said)
    assert _in_snomed(server) is None
    assert server.problem.startswith("the terminology server cannot be used: POST https://tx.")
    assert ": HTTP 200 OK with " in server.problem


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_is_no_answer_and_is_said(status: int) -> None:
    server, _ = _server({"resourceType": "OperationOutcome"}, status)
    assert _in_snomed(server) is None
    assert f"{status}" in server.problem


@pytest.mark.parametrize("status", [400, 404, 422])
def test_an_unknown_value_set_is_no_problem_of_the_server(status: int) -> None:
    server, _ = _server(_parameters(False), status)
    assert _in_snomed(server) is None
    assert server.problem == ""


def test_a_server_that_is_down_is_left_alone_and_named_once() -> None:
    class Down:
        number = 0

        def request(self, *_: Any, **__: Any) -> Response:
            self.number += 1
            raise NetError("'https://tx.example.org/r5': tx.example.org cannot be reached")

    down = Down()
    terminology = TerminologyService(None, definitions("5.0.0"), TxServer(down, BASE))
    validator = Validator(terminology=terminology)
    resource = {
        "resourceType": "Basic",
        "code": {"coding": [{"system": SNOMED, "code": str(code)} for code in range(50)]},
    }
    found = [one for _ in range(3) for one in validator.check(resource)]
    told = [one for one in found if one.code == "KB722"]
    reason = "'https://tx.example.org/r5': tx.example.org cannot be reached"
    said = f"the terminology server cannot be used: {reason}"
    assert [one.message for one in told] == [said]
    assert {one.code for one in found} == {"KB722", "KB591", "KB685"}
    assert down.number == MAX_FAILURES


def test_a_code_that_the_server_refuses_is_an_error() -> None:
    server, session = _server(_parameters(False))
    validator = Validator(terminology=TerminologyService(None, definitions("5.0.0"), server))
    resource = {"resourceType": "Basic", "code": {"coding": [{"system": SNOMED, "code": "1"}]}}
    found = [(one.code, one.path) for one in validator.check(resource) if one.code != "KB591"]
    assert found == [("KB572", "Basic.code.coding[0].code")]
    assert session.asked == ["CodeSystem/$validate-code"]


def test_a_value_set_of_the_users_is_sent_along() -> None:
    sent: list[dict[str, Any]] = []

    def reply(_url: str, asked: dict[str, Any]) -> Any:
        sent.append(asked)
        return _parameters(True)

    value_set = {
        "resourceType": "ValueSet",
        "url": "urn:x:set",
        "compose": {"include": [{"system": SNOMED}]},
    }
    server = TxServer(Session(reply), BASE)
    terminology = TerminologyService(InMemoryCanonicals([value_set]), definitions("5.0.0"), server)
    assert terminology.contains("urn:x:set", SNOMED, "1", "2024") is True
    assert sent[0]["valueSet"]["resource"] == value_set
    assert sent[0]["system"]["valueUri"] == SNOMED
    assert sent[0]["systemVersion"]["valueString"] == "2024"
    assert "url" not in sent[0]


def test_many_questions_become_one_expansion() -> None:
    def reply(url: str, _asked: dict[str, Any]) -> Any:
        if url.endswith("$expand"):
            contains = [{"system": SNOMED, "code": str(code)} for code in range(5)]
            return {"resourceType": "ValueSet", "expansion": {"total": 5, "contains": contains}}
        return _parameters(True)

    session = Session(reply)
    terminology = TerminologyService(None, definitions("5.0.0"), TxServer(session, BASE))
    answers = [terminology.contains("urn:x:set", SNOMED, str(code)) for code in range(20)]
    assert answers == [True] * 5 + [False] * 15
    assert session.asked == ["ValueSet/$validate-code"] * 3 + ["ValueSet/$expand"]


def test_a_part_of_an_expansion_says_nothing() -> None:
    def reply(url: str, _asked: dict[str, Any]) -> Any:
        if url.endswith("$expand"):
            part = {"total": 5000, "contains": [{"system": SNOMED, "code": "1"}]}
            return {"resourceType": "ValueSet", "expansion": part}
        return _parameters(True)

    session = Session(reply)
    terminology = TerminologyService(None, definitions("5.0.0"), TxServer(session, BASE))
    assert all(terminology.contains("urn:x:set", SNOMED, str(code)) for code in range(9))
    assert session.asked.count("ValueSet/$expand") == 1


def test_answers_are_kept_between_runs(tmp_path: Path) -> None:
    file = tmp_path / "answers" / "cache.sqlite"
    first, _ = _server(_parameters(True), cache=TxCache(file))
    assert _in_snomed(first) is True
    second, session = _server(_parameters(False), cache=TxCache(file))
    assert _in_snomed(second) is True
    assert session.asked == ["metadata?_summary=true"]
    assert _in_snomed(second, "2") is False


def test_a_cache_of_rubbish_is_as_good_as_none(tmp_path: Path) -> None:
    file = tmp_path / "cache.sqlite"
    file.write_bytes(b"no database" * 1000)
    assert _in_snomed(_server(_parameters(True), cache=TxCache(file))[0]) is True
    (tmp_path / "file").write_text("x", encoding="utf-8")
    blocked = TxCache(tmp_path / "file" / "cache.sqlite")
    assert _in_snomed(_server(_parameters(True), cache=blocked)[0]) is True


@pytest.mark.parametrize(("version", "is_used"), [(0, True), (1, True), (99, False)])
def test_a_cache_of_a_newer_format_is_left_alone(
    tmp_path: Path, version: int, is_used: bool
) -> None:
    file = tmp_path / "cache.sqlite"
    first, _ = _server(_parameters(True), cache=TxCache(file))
    assert _in_snomed(first) is True
    with sqlite3.connect(file) as database:
        database.execute(f"PRAGMA user_version = {version}")
    second, _ = _server(_parameters(False), cache=TxCache(file))
    assert _in_snomed(second) is is_used
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (version or 1,)


def test_names_are_those_of_the_server() -> None:
    server, _ = _server(_parameters(True, display={"valueString": "Diabetes mellitus"}))
    terminology = TerminologyService(None, definitions("5.0.0"), server)
    assert terminology.display(SNOMED, "73211009") == "Diabetes mellitus"
    assert terminology.displays(SNOMED, "x") == ("Diabetes mellitus",)
    refusing, _ = _server(_parameters(False))
    assert TerminologyService(None, definitions("5.0.0"), refusing).display(SNOMED, "1") is None
