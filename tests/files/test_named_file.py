"""Files that a person names for output: another file of that name is not overwritten."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import sys
import threading
from pathlib import Path

import pytest

from fhir_kb.files import OutputKind, OverwriteError, write_named

BUNDLE = OutputKind("a bundle", re.compile(rb'\{"resourceType":"Bundle"'))
OLD, NEW = b'{"resourceType":"Bundle"}', b'{"resourceType":"Bundle","type":"batch"}'
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


@pytest.mark.parametrize("before", [None, b"", OLD])
def test_written(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "b.json"
    if before is not None:
        path.write_bytes(before)
    write_named(path, NEW, BUNDLE)
    assert path.read_bytes() == NEW
    assert [entry.name for entry in tmp_path.iterdir()] == ["b.json"]


@pytest.mark.parametrize("before", [b"id: ward\n", b'{"resourceType":"Patient"}', b"\0"])
def test_another_file_stays(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "kb.yaml"
    path.write_bytes(before)
    with pytest.raises(OverwriteError, match="is there and is not a bundle"):
        write_named(path, NEW, BUNDLE)
    assert path.read_bytes() == before


@needs_posix
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "real.json", tmp_path / "link.json"
    path.write_bytes(OLD)
    path.chmod(0o640)
    link.symlink_to(path)
    write_named(link, NEW, BUNDLE)
    assert link.is_symlink()
    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o777 == 0o640


@needs_posix
def test_a_fifo_with_a_reader_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    wanted, received = NEW * 10_000, b""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=write_named, args=(path, wanted, BUNDLE), daemon=True)
    writer.start()
    while len(received) < len(wanted):
        select.select([opened], [], [])
        with contextlib.suppress(BlockingIOError):
            received += os.read(opened, 1 << 16)
    writer.join()
    os.close(opened)
    assert received == wanted
    assert path.is_fifo()


@needs_posix
def test_a_fifo_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
        write_named(tmp_path / "pipe", NEW, BUNDLE)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_named(tmp_path / "no" / "b.json", NEW, BUNDLE)
    assert not (tmp_path / "no").exists()
