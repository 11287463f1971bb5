"""Locks that end with their process; files that are whole or not there."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.files import (
    AppendFile,
    FileLock,
    LockedError,
    drop_partial_line,
    whole_lines,
    write_atomically,
    write_cache,
)
from fhir_kb.net import NetError
from fhir_kb.publish import OutputError
from fhir_kb.publish.finding_codes import BUSY
from fhir_kb.push import PushError

HOLDER = (
    "import sys, time; from pathlib import Path; from fhir_kb.files import FileLock\n"
    "lock = FileLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
)


def test_a_second_holder_is_told(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "one"
    with FileLock(path), pytest.raises(LockedError, match=str(path)):
        FileLock(path)
    FileLock(path).release()
    assert path.exists()


def test_patience_has_an_end(tmp_path: Path) -> None:
    begin = time.monotonic()
    with FileLock(tmp_path / "one"), pytest.raises(LockedError):
        FileLock(tmp_path / "one", patience=0.2)
    assert 0.2 <= time.monotonic() - begin < 5


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "one"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    with pytest.raises(LockedError):
        FileLock(path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    FileLock(path, patience=5).release()


def test_a_temporary_lock_file_goes(tmp_path: Path) -> None:
    with FileLock(tmp_path / "one", temporary=True):
        assert (tmp_path / "one").exists()
    assert not (tmp_path / "one").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic"):
        FileLock(tmp_path / "one")


@pytest.mark.parametrize("durable", [True, False])
def test_a_failed_write_leaves_the_old(
    tmp_path: Path, durable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "file"
    write_atomically(path, [b"o", b"ld"], durable=durable)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new", durable=durable)
    write_cache(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_private_file_is_private_from_the_start(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"", mode=0o600)
    assert os.name != "posix" or (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_partial_line_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    drop_partial_line(path)
    assert list(whole_lines(path)) == []
    file = AppendFile(path)
    file.add(b"one", b"two", durable=True)
    file.close()
    with path.open("ab") as torn:
        torn.write(b"thr")
    assert list(whole_lines(path)) == [b"one\n", b"two\n"]
    drop_partial_line(path)
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize(
    "error",
    [
        FhirKbError("what", "do"),
        LockedError("what", "do"),
        NetError("what", "do", 503),
        PushError("what", "do", usage=True),
        OutputError(BUSY, "what", "do"),
    ],
)
def test_errors_pass_between_processes(error: FhirKbError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), copy.help, vars(copy)) == ("what", "do", vars(error))
