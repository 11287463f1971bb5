"""Breaks `publish.write` at each of its calls to the operating system. Run by test_crashes.py.

crash_driver.py FOLDER kill|ENOSPC prints the number of places where it was broken.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fhir_kb import publish
from fhir_kb.publish.journal import STAGE

OLD = {"r4/A-same.json": b"same", "r4/A-new.json": b"old", "r4/A-gone.json": b"gone", "r5/x": b"x"}
NEW = {"r4/A-same.json": b"same", "r4/A-new.json": b"new", "r4b/A-made.json": b"made" * 99}
THIRD = {"r4/A-new.json": b"third", "r5/x": b"y"}
FOREIGN = {"README.md": b"mine", "r4/notes.txt": b"mine too"}
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.listdir"}


class Breaker:
    """Lets `countdown` calls that touch the folder pass, then breaks."""

    def __init__(self, folder: Path, break_: Callable[[], None]) -> None:
        self.folder = str(folder)
        self.break_ = break_
        self.countdown = -1
        sys.addaudithook(self.hook)
        for name in ("write", "fsync", "fstat", "close"):
            setattr(os, name, self.counted(getattr(os, name)))

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.countdown >= 0 and event in EVENTS and str(arguments[0]).startswith(self.folder):
            self.count()

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            if self.countdown >= 0:
                if call.__name__ == "write" and self.countdown == 0:
                    call(arguments[0], arguments[1][: len(arguments[1]) // 2])  # torn
                self.count()
            return call(*arguments)

        return counting

    def count(self) -> None:
        if self.countdown == 0:
            self.countdown = -1
            self.break_()
        self.countdown -= 1 if self.countdown > 0 else 0


def wanted(files: dict[str, bytes]) -> dict[str, publish.FileContent]:
    return {path: publish.fixed_content(content) for path, content in files.items()}


def standing(folder: Path) -> dict[str, bytes]:
    """What people see: all files but our own dotted ones."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".fhir-kb" not in path.as_posix()
    }


def prepare(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "r4").mkdir(parents=True)
    (folder / "README.md").write_bytes(FOREIGN["README.md"])
    (folder / "r4").rmdir()
    publish.write(folder, wanted(OLD))
    (folder / "r4/notes.txt").write_bytes(FOREIGN["r4/notes.txt"])


def check_after(folder: Path, where: str) -> None:
    """The old output is whole, or the new one, or its way is decided; either way is finished."""
    state = standing(folder)
    committed = (folder / STAGE / "journal.json").exists()
    assert committed or state in ({**OLD, **FOREIGN}, {**NEW, **FOREIGN}), (where, state)
    copy = folder.with_name("copy")
    for then in (NEW, THIRD):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        publish.write(copy, wanted(then))
        assert standing(copy) == {**then, **FOREIGN}, (where, standing(copy))
        left = {path.name for path in copy.rglob(".fhir-kb*")}
        assert left == {".fhir-kb.json"}, (where, left)
        assert not (copy / "r4b").exists() or then is NEW, where


def killed_at(folder: Path, number: int) -> bool:
    child = os.fork()
    if child == 0:
        breaker = Breaker(folder, lambda: os._exit(9))
        breaker.countdown = number
        publish.write(folder, wanted(NEW))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def failed_at(breaker: Breaker, folder: Path, number: int) -> bool:
    breaker.countdown = number
    try:
        publish.write(folder, wanted(NEW))
    except publish.OutputError as error:
        assert error.message, number
        assert error.help, number
    done = breaker.countdown != -1
    breaker.countdown = -1
    return not done


def main() -> None:
    os.fsync = lambda _: None  # slow, and nothing that this test could see
    folder, way = Path(sys.argv[1]) / "output", sys.argv[2]
    breaker = None
    if way != "kill":
        code = getattr(errno, way)

        def fail() -> None:
            raise OSError(code, os.strerror(code))

        breaker = Breaker(folder, fail)
    for number in range(500):
        prepare(folder)
        broken = failed_at(breaker, folder, number) if breaker else killed_at(folder, number)
        check_after(folder, f"{way} at {number}")
        if not broken:
            sys.stdout.write(f"{number}\n")
            return
    raise AssertionError("never got through")


main()
