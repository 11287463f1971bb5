"""-v, -vv and --log-file: where people type them, what they show, and what never."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults import Plan, faulty
from model_server import ModelServer
from temper import OTHER

from fhir_kb.net import retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Ended

DEFINITIONS = str(Path(__file__).parents[2] / "definitions")


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(OTHER) as started:
        yield started


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "after it"])
def test_requests_are_shown_wherever_the_option_stands(
    fhir_kb: Callable[..., Ended], model: ModelServer, before: bool
) -> None:
    words = ["doctor", "--target", model.base]
    code, out, err = fhir_kb(*(["-v", *words] if before else [*words, "-v"]))
    assert (code, "Model Server" in out) == (0, True)
    assert f"GET {model.base}/metadata: HTTP 200 (" in err
    assert "ms, try 1)" in err
    assert "user-agent" not in err.lower()


def test_twice_shows_headers(fhir_kb: Callable[..., Ended], model: ModelServer) -> None:
    for words in (["-v", "doctor", "-v"], ["doctor", "-vv"]):
        _, _, err = fhir_kb(*words, "--target", model.base)
        assert "User-Agent: fhir-kb" in err
        assert "response: " in err


def test_silent_by_default(fhir_kb: Callable[..., Ended], model: ModelServer) -> None:
    _, _, err = fhir_kb("doctor", "--target", model.base, "--quiet")
    assert err == ""


def test_a_log_file_has_everything_but_secrets_and_is_private(
    fhir_kb: Callable[..., Ended],
    model: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setenv("KB_TOKEN", "c4nary-t0ken")
    (tmp_path / "logins.yaml").write_text(
        f"{model.base}:\n  type: bearer\n  token: {{env: KB_TOKEN}}\n"
    )
    (tmp_path / "trace.log").touch(0o644)
    code, _, err = fhir_kb("--log-file", "trace.log", "doctor", "--target", model.base, "-q")
    text = (tmp_path / "trace.log").read_text()
    assert (code, err) == (0, "")
    assert "INFO MainThread fhir_kb.cli: fhir-kb 0." in text.splitlines()[0]
    assert f"command: fhir-kb --log-file trace.log doctor --target {model.base} -q" in text
    assert "Authorization: …" in text
    assert "c4nary" not in text
    assert os.name != "posix" or (tmp_path / "trace.log").stat().st_mode & 0o777 == 0o600


def test_a_password_on_the_command_line_is_not_logged(
    fhir_kb: Callable[..., Ended], tmp_path: Path
) -> None:
    target = "https://me:c4nary@fhir.example.org/r4"
    code, _, err = fhir_kb("doctor", "--target", target, "--log-file", "trace.log", "-v")
    assert code == 2
    text = (tmp_path / "trace.log").read_text()
    assert "contains a user name or a password" in text
    assert "c4nary" not in text + err


def test_a_log_file_that_cannot_be_written(fhir_kb: Callable[..., Ended]) -> None:
    code, _, err = fhir_kb("doctor", "--log-file", "nowhere/trace.log")
    assert code == 3
    assert "the log file 'nowhere/trace.log' cannot be written" in err


def test_a_log_does_not_overwrite_another_file(
    fhir_kb: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "kb.yaml").write_text("id: ward\n")
    code, _, err = fhir_kb("explain", "KB101", "--log-file", "kb.yaml")
    assert (code, (tmp_path / "kb.yaml").read_text()) == (2, "id: ward\n")
    assert "'kb.yaml' is there and is not a log of fhir-kb" in err
    for _ in range(2):  # one of its own
        assert fhir_kb("explain", "KB101", "--log-file", "run.log")[0] == 0
    assert (tmp_path / "run.log").read_text().count("command:") == 1


@pytest.mark.skipif(os.name != "posix", reason="POSIX only")
def test_a_log_does_not_wait_for_a_fifo(fhir_kb: Callable[..., Ended], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code, _, err = fhir_kb("explain", "KB101", "--log-file", "pipe")
    assert code == 3
    assert "the log file 'pipe' cannot be written" in err
    assert fhir_kb("explain", "KB101", "--log-file", "/dev/null")[0] == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux only")  # noqa: PTH110
def test_a_log_on_a_full_disk_is_told_once(fhir_kb: Callable[..., Ended]) -> None:
    code, out, err = fhir_kb("explain", "KB101", "--log-file", "/dev/full")
    assert (code, out.startswith("KB101")) == (3, True)
    assert err.count("the log file '/dev/full' cannot be written: No space left on device") == 1
    assert "Traceback" not in err
    code, _, err = fhir_kb("explain", "KB999", "--log-file", "/dev/full")
    assert code == 2


def test_steps_are_logged(fhir_kb: Callable[..., Ended]) -> None:
    code, _, err = fhir_kb("validate", DEFINITIONS, "-v")
    assert code == 0
    assert "reading" in err
    assert "compiling and checking" in err


def test_a_person_sees_why_it_takes_long(
    fhir_kb: Callable[..., Ended], model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry.RetryPolicy, "seconds", lambda *_: 0.01)
    faults = Plan(1.0, 0, kinds=("busy 503",))
    with faulty(model.base, faults) as base:
        code, _, err = fhir_kb("plan", DEFINITIONS, "--target", base)
    assert code == 3
    assert "the server is busy (HTTP 503), waiting 0.0 s, try 2 of 6" in err
    assert "HTTP 503 Service Unavailable (tried 6 times in" in err
    assert "overloaded or down" in err


def test_each_command_takes_them(fhir_kb: Callable[..., Ended]) -> None:
    from fhir_kb.cli.overview import COMMANDS

    for command in COMMANDS:
        code, out, _ = fhir_kb(command, "--help")
        assert code == 0
        assert "--log-file FILE" in out, command
        assert "-v, --verbose" in out, command
