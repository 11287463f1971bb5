"""FIFOs and devices in the place of files: nothing waits for somebody who never writes."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from model_server import ModelServer
from temper import HAPI

from fhir_kb.cli.run import run
from fhir_kb.files import IrregularFileError, drop_partial_line, whole_lines
from fhir_kb.net import NetError
from fhir_kb.net.login.secret_sources import read_private_file
from fhir_kb.pipeline import input_files
from fhir_kb.push import PushError
from fhir_kb.push.workspace.files import AppendOnlyFile, read_json, read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs"),
]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(HAPI) as started:
        yield started


@pytest.fixture
def fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FIFO that nobody writes to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    path = tmp_path / "fifo"
    os.mkfifo(path, 0o600)
    return path


@pytest.mark.parametrize(
    "read",
    [
        read_json,
        lambda path: read_lines(path, lambda _: None),
        AppendOnlyFile,
    ],
    ids=["object", "lines", "appending"],
)
def test_the_files_of_a_workspace_are_regular_ones(
    fifo: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(PushError, match=r"fifo cannot be (read|written)"):
        read(fifo)


def test_lines_and_secrets_are_read_from_regular_files(fifo: Path) -> None:
    with pytest.raises(IrregularFileError):
        list(whole_lines(fifo))
    with pytest.raises(IrregularFileError):
        drop_partial_line(fifo)
    with pytest.raises(NetError, match="this is a FIFO, not a regular file"):
        read_private_file(str(fifo))


@pytest.mark.parametrize("name", ["plan", "logins"])
def test_a_pipe_that_a_person_names_is_waited_for_so_long_only(
    name: str,
    server: ModelServer,
    fifo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(input_files, "MAX_WAIT", 0.1)
    plan = ["--plan", str(fifo)] if name == "plan" else []
    if name == "logins":
        monkeypatch.setenv("FHIR_KB_LOGINS", str(fifo))
    assert run(["push", "--yes", *plan, "--target", server.base]) == 3
    assert f"no input from '{fifo}'" in capfd.readouterr().err
    assert server.writes == 0


def test_a_plan_may_come_from_a_pipe(
    server: ModelServer, fifo: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "kb"]) == 0
    assert run(["plan", "kb", "--target", server.base, "--out", "plan.json"]) == 0
    plan = fifo.with_name("plan.json").read_bytes()
    writer = threading.Thread(target=fifo.write_bytes, args=(plan,), daemon=True)
    writer.start()
    code = run(["push", "kb", "--yes", "--plan", str(fifo), "--target", server.base])
    writer.join(5)
    assert code == 0, capfd.readouterr().err
    assert server.writes > 0
