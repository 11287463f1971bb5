"""A build that is killed: after the next command, the output is wholly old or wholly new.

Each build runs in a forked process that kills itself (SIGKILL) before one of its calls that change
the output, or is killed by us at a random moment. The next command is a build of definitions with a
mistake, which writes nothing of its own.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from knowledge_bases import write

from fhir_kb.cli.app import app
from fhir_kb.files import exchange
from fhir_kb.pipeline import EnvironmentFailure, build, validate_files
from fhir_kb.pipeline.resource_members import package_at
from fhir_kb.publish import folder_swap

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it forks")

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.link", "os.mkdir"}
FOREIGN = {"README.md": b"tracked", "r5/notes.txt": b"mine", "r5/mine/deep.txt": b"mine, too"}


class Case:
    """A knowledge base that was built once, and then changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.definitions = write(root / "definitions", "sepsis", "pain", "burns")
        self.cache = root / "cache"
        self.output = root / "output"
        self.output.mkdir()
        (self.output / "README.md").write_bytes(FOREIGN["README.md"])
        self.build()
        (self.output / "r5/mine").mkdir()
        for name, content in FOREIGN.items():
            (self.output / name).write_bytes(content)
        self.old = snapshot(self.output)
        shutil.copytree(self.output, root / "pristine")
        (self.definitions / "pain" / "topic.yaml").unlink()
        (self.definitions / "pain").rmdir()
        write(self.definitions, "rash", "sepsis", sepsis="purpose: Another purpose.\n")
        self.build()
        self.new = snapshot(self.output)
        assert len([name for name in self.new if name not in FOREIGN]) >= 36
        assert set(FOREIGN.items()) <= set(self.new.items())
        self.restore()

    def build(self) -> None:
        result = build(self.definitions, output=self.output, cache_folder=self.cache)
        assert result.exit_code == 0, result.diagnostics

    def restore(self) -> None:
        shutil.rmtree(self.output)
        shutil.copytree(self.root / "pristine", self.output)

    def mistaken_build(self) -> None:
        """The next command: definitions with a mistake, so that it writes nothing of its own."""
        mistaken = self.root / "mistaken"
        if not mistaken.exists():
            write(mistaken, "sepsis", sepsis="typo: x\n")
        assert build(mistaken, output=self.output).exit_code == 1

    def check_whole(self, where: str) -> dict[str, bytes]:
        state = snapshot(self.output)
        assert state in (self.old, self.new), (where, sorted(set(state) ^ set(self.old)))
        left = {name for name in state if ".fhir-kb" in name}
        assert left == {".fhir-kb.json"}, where
        assert not any(path.is_symlink() for path in self.output.rglob("*"))
        for name in state:
            if ".fhir-kb" not in name:
                assert (self.output / name).stat().st_nlink <= 2
        return state


def snapshot(folder: Path) -> dict[str, bytes]:
    """What people see: all files, and our list of them, but nothing that is being prepared."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {".fhir-kb.stage", ".fhir-kb.lock"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("killed"))


@pytest.fixture(params=["exchanged", "renamed", "file by file"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a folder gets its new content: systems differ in what they can do."""
    if request.param != "exchanged":
        monkeypatch.setattr(folder_swap, "exchange", lambda *_: False)
    if request.param == "file by file":
        monkeypatch.setattr(folder_swap, "holds_mount", lambda _: True)
        monkeypatch.setattr("fhir_kb.publish.staging.holds_mount", lambda _: True)
    return str(request.param)


def killed_before(case: Case, number: int) -> bool:
    """Build in a process that kills itself before its change of that number; False if it ends."""

    def child() -> None:
        passed = iter(range(number))

        def count() -> None:
            if next(passed, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in CHANGES and str(arguments[0]).startswith(str(case.output)):
                count()

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def counting(*arguments: Any) -> Any:
                count()
                return call(*arguments)

            return counting

        os.fsync = counted(lambda _: None)
        folder_swap.exchange = counted(folder_swap.exchange)
        sys.addaudithook(hook)
        case.build()

    return wait(start(child)) == -signal.SIGKILL


def start(run: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(0)
    return child


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def steps_of(case: Case) -> int:
    """How many changes a build makes: the number that it is not killed at."""
    low, high = 0, 2_000
    while low < high:
        middle = (low + high) // 2
        case.restore()
        if killed_before(case, middle):
            low = middle + 1
        else:
            high = middle
    return low


def check_kills(case: Case, numbers: Iterator[int]) -> None:
    outcomes = []
    for number in numbers:
        case.restore()
        assert killed_before(case, number)
        case.mistaken_build()
        outcomes.append(case.check_whole(f"killed before change {number}") == case.new)
        case.build()
        assert snapshot(case.output) == case.new
        left = {path.name for path in case.output.rglob(".fhir-kb*")}
        assert left <= {".fhir-kb.json", ".fhir-kb.lock"}, number  # an empty file of no harm
    assert any(outcomes)
    assert not all(outcomes)


def test_killed_at_some_changes(case: Case, way: str) -> None:
    steps = steps_of(case)
    assert steps > 100, way
    check_kills(case, iter(range(3, steps, steps // 12)))


@pytest.mark.slow
def test_killed_at_every_change(case: Case, way: str) -> None:
    assert way
    check_kills(case, iter(range(steps_of(case))))


@pytest.mark.slow
def test_killed_at_twenty_random_moments(case: Case) -> None:
    chance = random.Random(11)
    case.restore()
    begun = time.monotonic()
    wait(start(case.build))
    took = time.monotonic() - begun
    for number in range(20):
        case.restore()
        child = start(case.build)
        time.sleep(chance.uniform(0, took))
        os.kill(child, signal.SIGKILL)
        wait(child)
        case.mistaken_build()
        case.check_whole(f"the random kill {number}")


@pytest.fixture
def interrupted(case: Case) -> Case:
    """Killed when one of its releases was new already."""
    case.restore()
    passed = []

    def killing(one: Path, other: Path) -> bool:
        if passed:
            os.kill(os.getpid(), signal.SIGKILL)
        passed.append(one)
        return exchange(one, other)

    def child() -> None:
        folder_swap.exchange = killing
        case.build()

    assert wait(start(child)) == -signal.SIGKILL
    state = snapshot(case.output)
    assert state not in (case.old, case.new)
    return case


@pytest.mark.parametrize(
    "words",
    [
        ("validate", "output"),
        ("validate", "output/r4/PlanDefinition-sepsis.json"),
        ("validate", "definitions"),
        ("fhirpath", "id", "output/r4/PlanDefinition-sepsis.json"),
        ("bundle", "sepsis", "--fhir", "r4", "-o", "bundle.json"),
        ("plan", "--bundle", "output/r4/bundle.transaction.json", "--target", "none"),
        ("explain", "KB101"),
    ],
)
def test_any_command_completes_it(
    interrupted: Case, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(interrupted.root)
    result = CliRunner().invoke(app, words)
    assert snapshot(interrupted.output) == interrupted.new
    assert "completed 'output': a build of it was interrupted" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("fhirpath", "id", "output/r4/PlanDefinition-sepsis.json"),
        ("validate", "p.json", "--package", "output/r4/package.tgz"),
        ("validate", "p.json", "--package", "output/r4"),
        ("validate", "p.json", "--also", "output/r4"),
    ],
)
def test_a_command_elsewhere_that_names_it_completes_it(
    interrupted: Case, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.json").write_text('{"resourceType": "Patient"}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    root = interrupted.root.as_posix()
    CliRunner().invoke(app, [f"{root}/{w}" if w.startswith("output") else w for w in words])
    assert snapshot(interrupted.output) == interrupted.new


@pytest.mark.parametrize("name", ["output", "output/r4", "output/r4/bundle.transaction.json"])
def test_python_callers_read_a_whole_output(interrupted: Case, name: str) -> None:
    list(validate_files([interrupted.root / name]))
    assert snapshot(interrupted.output) == interrupted.new


def test_resources_to_push_are_those_of_a_whole_output(interrupted: Case) -> None:
    package_at(interrupted.output / "r4")
    assert snapshot(interrupted.output) == interrupted.new


def test_a_command_that_names_it_stops_where_it_cannot_be_completed(
    interrupted: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: Any) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(folder_swap, "exchange", refusing)
    with pytest.raises(EnvironmentFailure, match="was interrupted and cannot be completed"):
        build(interrupted.definitions, output=interrupted.output)


def test_a_build_that_runs_is_waited_for(interrupted: Case) -> None:
    from fhir_kb.publish.lock import locked  # held as a build would

    held = locked(interrupted.output)
    timer = threading.Timer(0.1, held.release)
    timer.start()
    interrupted.mistaken_build()
    timer.join()
    assert snapshot(interrupted.output) == interrupted.new


def test_an_error_while_folders_are_exchanged_leaves_the_old_output(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.restore()
    passed = []

    def failing(one: Path, other: Path) -> bool:
        passed.append(one)
        if len(passed) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return exchange(one, other)

    monkeypatch.setattr(folder_swap, "exchange", failing)
    with pytest.raises(EnvironmentFailure):
        case.build()
    assert snapshot(case.output) == case.old
    assert {path.name for path in case.output.rglob(".fhir-kb*")} == {".fhir-kb.json"}


def test_a_mount_point_in_the_output_is_written_file_by_file(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake: renaming says what a mount point says, and moving files into it as well."""
    case.restore()
    replace = Path.replace

    def busy(*_: Any) -> bool:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def crossing(self: Path, target: Path) -> Path:
        if ".fhir-kb.stage" in self.parts and target.parent.name == "r4":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(self, target)

    monkeypatch.setattr(folder_swap, "exchange", busy)
    monkeypatch.setattr(Path, "replace", crossing)
    case.build()
    assert snapshot(case.output) == case.new


def built_without_rights(case: Case, definitions: Path) -> subprocess.CompletedProcess[str]:
    """`fhir-kb build` without the rights of root, for whom no folder is read-only."""
    words = [sys.executable, "-m", "fhir_kb", "build", str(definitions), "-o", str(case.output)]
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root without setpriv")
        words = [setpriv, "--bounding-set=-all", "--inh-caps=-all", *words]
    return subprocess.run([*words, "-j", "1"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["r5", "r4b", ".", "r5/mine"])
def test_a_folder_that_may_not_be_written(case: Case, name: str) -> None:
    case.restore()
    (case.output / name).chmod(0o555)
    try:
        result = built_without_rights(case, case.definitions)
    finally:
        (case.output / name).chmod(0o755)
    if name == "r5/mine":  # somebody else's: it stays where it is
        assert result.returncode == 0, result.stderr
        assert snapshot(case.output).keys() == case.new.keys()
        return
    assert result.returncode == 3
    assert "permission is denied" in result.stderr
    assert snapshot(case.output) == case.old
    assert {path.name for path in case.output.rglob(".fhir-kb*")} == {".fhir-kb.json"}


def test_an_interrupted_build_that_may_not_be_completed(interrupted: Case) -> None:
    mistaken = write(interrupted.root / "mistaken", "sepsis", sepsis="typo: x\n")
    interrupted.output.chmod(0o555)
    try:
        result = built_without_rights(interrupted, mistaken)
    finally:
        interrupted.output.chmod(0o755)
    assert result.returncode == 3
    assert "was interrupted and cannot be completed: permission is denied" in result.stderr
    assert built_without_rights(interrupted, mistaken).returncode == 1
    assert snapshot(interrupted.output) == interrupted.new
