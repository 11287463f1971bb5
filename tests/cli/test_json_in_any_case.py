"""With --format json the output is one JSON document in any case; of validate one a line."""

from __future__ import annotations

import errno
import json
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from model_server import ModelServer
from pushed import no_sleep
from temper import HAPI, TYPES

from fhir_kb.cli import push_session
from fhir_kb.cli.exit_codes import BUG, ENVIRONMENT, FINDINGS, FINE, INTERRUPTED, USAGE
from fhir_kb.cli.overview import COMMANDS
from fhir_kb.cli.run import run
from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.net import open_session
from fhir_kb.pipeline import server_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Ended

pytestmark = pytest.mark.enable_socket

DOWN = "http://127.0.0.1:9/fhir"
WORDS: dict[str, list[str]] = {
    "build": ["build", "kb", "--no-cache", "-j", "1"],
    "bundle": ["bundle", "-d", "kb", "--fhir", "r4"],
    "validate": ["validate", "kb"],
    "plan": ["plan", "kb", "--target", "SERVER"],
    "push": ["push", "kb", "--target", "SERVER", "--yes"],
    "drift": ["drift", "kb", "--target", "SERVER"],
    "rollback": ["rollback", "kb", "--target", "SERVER", "--yes"],
    "pull": ["pull", "kb", "--target", "SERVER"],
    "status": ["status", "kb", "--target", "SERVER"],
    "doctor": ["doctor", "kb", "--target", "SERVER"],
    "packages": ["packages", "list"],
    "explain": ["explain", "KB101"],
    "fhirpath": ["fhirpath", "1 + 1"],
    "init": ["init", "other"],
    "schema": ["schema"],
}
OF_SERVERS = ("plan", "push", "drift", "rollback", "pull", "status", "doctor")
OF_DEFINITIONS = ("build", "bundle", "validate", "plan", "push")
COMPILING = ("build", "bundle", "plan", "push")


def document(ended: Ended, command: str) -> dict[str, Any]:
    """The one document on the output; of validate the last."""
    lines = ended.out.splitlines() if command == "validate" else [ended.out]
    parsed = [json.loads(line) for line in lines]
    assert parsed, ended.err
    assert isinstance(parsed[-1], dict)
    return parsed[-1]


def failed(ended: Ended, command: str, code: int) -> dict[str, Any]:
    content = document(ended, command)
    assert ended.code == code, ended.err
    assert content["exitCode"] == code
    assert content["error"]
    assert content["error"] in ended.err
    return content


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(HAPI.but(types=(*TYPES, "Composition", "CodeSystem"))) as started:
        yield started


@pytest.fixture
def call(
    fhir_kb: Callable[..., Ended],
    server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ended]:
    """Run a command with --format json in a folder with a knowledge base."""
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=no_sleep))
    assert run(["init", "kb"]) == FINE
    fhir_kb("--version")

    def called(command: str, *more: str, target: str = "") -> Ended:
        words = [target or server.base if w == "SERVER" else w for w in WORDS[command]]
        return fhir_kb(*words, *more, "--format", "json")

    return called


def test_each_command_is_here() -> None:
    assert set(WORDS) == set(COMMANDS)


@pytest.mark.parametrize("command", WORDS)
def test_it_goes_well(call: Callable[..., Ended], command: str) -> None:
    ended = call(command)
    document(ended, command)
    assert ended.code in (FINE, FINDINGS)


@pytest.mark.parametrize("command", WORDS)
def test_an_unknown_option(call: Callable[..., Ended], command: str) -> None:
    failed(call(command, "--frobnicate"), command, USAGE)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), INTERRUPTED),
        (OSError(errno.ENOSPC, "No space left on device", "output"), ENVIRONMENT),
        (PermissionError(errno.EACCES, "Permission denied", "kb.yaml"), ENVIRONMENT),
        (FhirKbError("the disk is full", "Free some space"), ENVIRONMENT),
        (RuntimeError("a bug"), BUG),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("command", WORDS)
def test_something_ends_it(
    call: Callable[..., Ended],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    error: BaseException,
    code: int,
) -> None:
    def failing(**_: Any) -> int:
        raise error

    module = import_module(f"fhir_kb.cli.commands.{command}")
    monkeypatch.setattr(module.command, "callback", failing)
    failed(call(command), command, code)


@pytest.mark.parametrize("command", OF_SERVERS)
class TestServers:
    def test_an_unknown_target(self, call: Callable[..., Ended], command: str) -> None:
        failed(call(command, target="hospitl"), command, USAGE)

    def test_a_password_in_the_url(self, call: Callable[..., Ended], command: str) -> None:
        content = failed(call(command, target="https://a:s3cret@x.example"), command, USAGE)
        assert "s3cret" not in str(content)

    def test_nobody_listens(self, call: Callable[..., Ended], command: str) -> None:
        content = failed(call(command, target=DOWN), command, ENVIRONMENT)
        assert "connection refused" in content["error"]

    @pytest.mark.parametrize(
        "login",
        [
            "- server: [",
            "- nonsense",
            "- server: SERVER\n  bearer: {env: NOT_SET_ANYWHERE}\n",
        ],
    )
    def test_a_login_that_cannot_be_used(
        self,
        call: Callable[..., Ended],
        server: ModelServer,
        tmp_path: Path,
        command: str,
        login: str,
    ) -> None:
        file = tmp_path / "logins.yaml"
        file.write_text(login.replace("SERVER", server.base))
        file.chmod(0o600)
        ended = call(command)
        failed(ended, command, ended.code)
        assert ended.code in (USAGE, ENVIRONMENT)

    def test_a_damaged_workspace(
        self, call: Callable[..., Ended], tmp_path: Path, command: str
    ) -> None:
        call("push")
        (state,) = tmp_path.rglob("state.json")
        state.write_text("{")
        if command == "doctor":  # it does not need it
            document(call(command), command)
        else:
            assert str(state.name) in failed(call(command), command, ENVIRONMENT)["error"]


@pytest.mark.parametrize("command", OF_DEFINITIONS)
@pytest.mark.parametrize("content", ["id: [", "\x00", "nonsense: 1", ""])
def test_a_broken_kb_yaml(
    call: Callable[..., Ended], tmp_path: Path, command: str, content: str
) -> None:
    (tmp_path / "kb" / "kb.yaml").write_text(content)
    ended = call(command)
    document(ended, command)
    assert ended.code in (FINDINGS, USAGE)


@pytest.mark.parametrize("command", OF_DEFINITIONS)
def test_an_error_in_a_topic(call: Callable[..., Ended], tmp_path: Path, command: str) -> None:
    topic = tmp_path / "kb" / "first-topic" / "topic.yaml"
    topic.write_text(topic.read_text() + "\nfrobnicate: 1\n")
    ended = call(command)
    content = document(ended, command)
    assert ended.code == FINDINGS
    assert content["findings"], ended.err


@pytest.mark.parametrize("command", [*OF_DEFINITIONS, "packages"])
def test_definitions_that_are_not_there(
    fhir_kb: Callable[..., Ended], server: ModelServer, command: str
) -> None:
    words = [server.base if word == "SERVER" else word for word in WORDS[command]]
    words = ["packages", "lock"] if command == "packages" else words
    ended = fhir_kb(*words, "--format", "json")
    document(ended, command)
    assert ended.code in (FINDINGS, USAGE, ENVIRONMENT)


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "nowhere"],
        ["validate", "kb", "nowhere"],
        ["fhirpath", "1", "nowhere"],
        ["fhirpath", "((("],
        ["explain", "KB999"],
        ["init", "kb"],
        ["packages", "show", "no.such.package#1.0.0"],
        ["packages", "get", "no.such.package#1.0.0", "--offline"],
        ["push", "kb", "--target", "SERVER", "--bundle", "nowhere.json", "--yes"],
        ["push", "kb", "--target", "SERVER", "--plan", "nowhere.json", "--yes"],
        ["push", "kb", "--target", "SERVER"],
        ["rollback", "kb", "--target", "SERVER", "--to", "77", "--yes"],
        ["plan", "kb", "--target", "SERVER", "--out", "no/such/folder/plan.json"],
        ["plan", "kb", "--target", "SERVER", "--target", DOWN],
        ["plan", "kb", "--target", "SERVER", "--target", "hospitl"],
        ["plan", "kb"],
        ["bundle", "no-such-topic", "-d", "kb", "--fhir", "r4"],
        ["bundle", "-d", "kb", "--fhir", "r4", "-o", "bundle.json"],
        ["bundle", "-d", "kb", "--fhir", "r4", "-o", "no/such/bundle.json"],
        ["biuld"],
        [],
    ],
    ids=" ".join,
)
def test_other_mistakes(
    call: Callable[..., Ended],
    fhir_kb: Callable[..., Ended],
    server: ModelServer,
    words: list[str],
) -> None:
    ended = fhir_kb(*(server.base if w == "SERVER" else w for w in words), "--format", "json")
    document(ended, words[0] if words else "")
    assert ended.code < BUG


def test_two_targets_are_one_document(
    call: Callable[..., Ended], fhir_kb: Callable[..., Ended], server: ModelServer
) -> None:
    targets = ["--target", server.base, "--target", server.base]
    ended = fhir_kb("plan", "kb", *targets, "--format", "json")
    assert [plan["target"] for plan in json.loads(ended.out)["targets"]] == [server.base] * 2


def test_what_the_first_target_needs_is_told_where_the_second_fails(
    call: Callable[..., Ended], fhir_kb: Callable[..., Ended], server: ModelServer
) -> None:
    targets = ["--target", server.base, "--target", DOWN]
    ended = fhir_kb("plan", "kb", *targets, "--format", "json")
    content = json.loads(ended.out)
    assert ended.code == ENVIRONMENT
    assert len(content["targets"]) == 1
    assert "connection refused" in content["error"]


def test_a_push_that_is_not_confirmed(
    call: Callable[..., Ended],
    fhir_kb: Callable[..., Ended],
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push_session, "_confirmed", lambda *_: False)
    server.put({"resourceType": "Basic", "id": "theirs"})
    folder = "another-kb"
    assert run(["init", folder]) == FINE
    fhir_kb("--version")
    ended = fhir_kb("push", folder, "--target", server.base, "--format", "json")
    content = json.loads(ended.out)
    assert ended.code == FINDINGS
    assert content["applied"] == []
    assert "not confirmed" in content["error"]


def test_the_last_format_counts(fhir_kb: Callable[..., Ended]) -> None:
    assert fhir_kb("build", "--format=json", "--format", "human", "--frobnicate").out == ""
    assert json.loads(fhir_kb("build", "--format=human", "--format=json", "--x").out)
