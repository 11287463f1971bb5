"""What lies in the definitions and cannot be read is an error: passed over, it would be removed.

The tests of permissions run in a process without root's rights, which nobody could refuse anything.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fhir_kb.pipeline import build
from fhir_kb.read import definition_files
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.folder_walk import FolderWalk

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
KB = """\
id: ward
title: Ward
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
releases: [r4]
"""


def add_topic(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    text = f"topic: {name.rpartition('/')[2]}\ntitle: Look\nsummary: How to look.\n"
    (folder / "topic.yaml").write_text(text, encoding="utf-8")
    (folder / "page.md").write_text("# Look\n\n## How\n\nSo.\n", encoding="utf-8")
    (folder / "image.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Two topics that were built once, with a cache."""
    root = tmp_path / "definitions"
    for name in ("look", "hear"):
        add_topic(root, name)
    (root / "kb.yaml").write_text(KB, encoding="utf-8")
    (root / "concepts.yaml").write_text("pain: {text: Pain}\n", encoding="utf-8")
    result = build(root, output=tmp_path / "output", cache_folder=tmp_path / "cache")
    assert result.exit_code == 0, result.diagnostics
    return root


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(base: Path) -> list[str]:
    """The errors of a build with a warm cache, which must have left the output as it was."""
    output = base.parent / "output"
    before = content(output)
    result = build(base, output=output, cache_folder=base.parent / "cache")
    assert result.exit_code == 1
    assert content(output) == before
    return [_told(finding.span.file, finding.code, base) for finding in result.diagnostics]


def _told(file: str, code: str, base: Path) -> str:
    return f"{file.removeprefix(base.as_posix()).lstrip('/') or '.'} {code}"


def refused_without_rights(base: Path) -> list[str]:
    """The same in a process that permissions hold for: root without its capabilities."""
    script = (
        "import json, sys; from pathlib import Path; from fhir_kb.pipeline import build\n"
        "root = Path(sys.argv[1])\n"
        "result = build(root, output=root.parent / 'output', cache_folder=root.parent / 'cache')\n"
        "print(json.dumps([[f.span.file, f.code] for f in result.diagnostics]))"
    )
    before = content(base.parent / "output")
    words = [*without_rights(), sys.executable, "-c", script, str(base)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert content(base.parent / "output") == before
    return [_told(file, code, base) for file, code in json.loads(done.stdout)]


def without_rights() -> list[str]:
    """What makes a command run without the rights of root, which permissions do not hold for."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root without setpriv")
    return [setpriv, "--bounding-set=-all", "--inh-caps=-all"]


@needs_posix
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("look", 0o000),
        ("look", 0o300),
        ("look/topic.yaml", 0o000),
        ("look/page.md", 0o000),
        ("look/image.png", 0o000),
        ("kb.yaml", 0o000),
        ("concepts.yaml", 0o000),
    ],
)
def test_without_the_right_to_read(base: Path, name: str, mode: int) -> None:
    (base / name).chmod(mode)
    try:
        assert refused_without_rights(base) == [f"{name} KB101"]
    finally:
        (base / name).chmod(0o700)


@needs_posix
def test_a_folder_that_may_be_listed_but_not_entered(base: Path) -> None:
    (base / "look").chmod(0o600)
    try:
        found = refused_without_rights(base)
    finally:
        (base / "look").chmod(0o700)
    names = ("image.png", "page.md", "topic.yaml")
    assert found == [f"look/{name} KB101" for name in names]


@needs_posix
def test_a_root_that_cannot_be_listed(base: Path) -> None:
    base.chmod(0o300)
    try:
        assert refused_without_rights(base) == [". KB101"]
    finally:
        base.chmod(0o700)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may be 107 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@needs_posix
@pytest.mark.parametrize("make", [fifo, bound_socket, device, Path.mkdir])
@pytest.mark.parametrize("name", ["look/topic.yaml", "kb.yaml", "concepts.yaml"])
def test_no_regular_file(base: Path, name: str, make: Callable[[Path], None]) -> None:
    (base / name).unlink()
    make(base / name)
    assert f"{name} KB108" in refused(base)


@needs_posix
@pytest.mark.parametrize("name", ["look/page.md", "look/stray", "stray"])
def test_a_fifo_anywhere(base: Path, name: str) -> None:
    (base / name).unlink(missing_ok=True)
    os.mkfifo(base / name)
    assert refused(base) == [f"{name} KB108"]


@needs_posix
def test_a_file_that_becomes_a_fifo_when_it_is_read(base: Path) -> None:
    sources, _ = find_definitions(base)
    (base / "kb.yaml").unlink()
    os.mkfifo(base / "kb.yaml")
    data, finding = sources.read_bytes("kb.yaml")
    assert data == b""
    assert finding is not None
    assert finding.code == "KB108"


def links_out(base: Path) -> list[str]:
    (base / "look").rename(base.parent / "elsewhere")
    (base / "look").symlink_to(base.parent / "elsewhere", target_is_directory=True)
    return ["look KB140"]


def stray_file_links_out(base: Path) -> list[str]:
    (base.parent / "notes.txt").write_text("mine", encoding="utf-8")
    (base / "look" / "notes.txt").symlink_to(base.parent / "notes.txt")
    return ["look/notes.txt KB140"]


def dangling(base: Path) -> list[str]:
    (base / "look").rename(base.parent / "elsewhere")
    (base / "look").symlink_to(base / "nowhere")
    return ["look KB101"]


def loop(base: Path) -> list[str]:
    (base / "look").rename(base.parent / "elsewhere")
    (base / "look").symlink_to(base / "look")
    return ["look KB101"]


def loop_through_the_parent(base: Path) -> list[str]:
    (base / "look").rename(base.parent / "elsewhere")
    (base / "look").symlink_to(base, target_is_directory=True)
    return ["look KB101"]


def to_another_topic(base: Path) -> list[str]:
    (base / "look").rename(base.parent / "elsewhere")
    (base / "look").symlink_to(base / "hear", target_is_directory=True)
    return ["look/topic.yaml KB220"]


def page_only(base: Path) -> list[str]:
    (base / "look" / "topic.yaml").unlink()
    return ["look KB109"]


def misspelt(base: Path) -> list[str]:
    (base / "look" / "page.md").unlink()
    (base / "look" / "topic.yaml").rename(base / "look" / "Topic.yml")
    return ["look KB109"]


def empty(base: Path) -> list[str]:
    (base / "look").rename(base.parent / "elsewhere")
    (base / "look").mkdir()
    return ["look KB109"]


def two_cases(base: Path) -> list[str]:
    (base / "look" / "Page.md").write_text("# Other\n", encoding="utf-8")
    return ["look/page.md KB117"]


def two_normal_forms(base: Path) -> list[str]:
    (base / "look" / "pru\u0308fung.md").write_text("x", encoding="utf-8")
    (base / "look" / "pr\u00fcfung.md").write_text("x", encoding="utf-8")
    return ["look/pr\u00fcfung.md KB117"]


def not_utf_8(base: Path) -> list[str]:
    (base / "look").rename(base / os.fsdecode(b"l\xf6ok"))
    return ["l\\xf6ok KB118"]


def too_deep(base: Path) -> list[str]:
    folder = base / "/".join("a" * 33)
    folder.mkdir(parents=True)
    (folder / "topic.yaml").write_text("topic: deep\n", encoding="utf-8")
    return [f"{'/'.join('a' * 33)} KB106"]


@needs_posix
@pytest.mark.parametrize(
    "change",
    [
        links_out, stray_file_links_out, dangling, loop, loop_through_the_parent, to_another_topic,
        page_only, misspelt, empty, two_cases, two_normal_forms, not_utf_8, too_deep,
    ],
)  # fmt: skip
def test_nothing_is_passed_over(base: Path, change: Callable[[Path], list[str]]) -> None:
    wanted = change(base)
    found = refused(base)
    assert set(wanted) <= set(found)
    assert len(found) == len(wanted) or change is to_another_topic


def test_a_topic_whose_whole_folder_went_is_removed(base: Path) -> None:
    (base / "look").rename(base.parent / "elsewhere")
    result = build(base, output=base.parent / "output")
    assert result.exit_code == 0
    assert result.files is not None
    assert result.files.removed > 0


def test_a_folder_that_goes_while_it_is_read(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = FolderWalk._walk

    def walking(self: FolderWalk, folder: str, *rest: object) -> Iterator[object]:
        if folder == "look" and (base / "look").exists():
            (base / "look").rename(base.parent / "elsewhere")
        return walk(self, folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(FolderWalk, "_walk", walking)
    assert refused(base) == ["look KB101"]


@pytest.mark.parametrize("name", ["look/page.md", "look/image.png", "look/topic.yaml", "kb.yaml"])
def test_a_disk_that_cannot_read(base: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = definition_files.read_regular

    def reading(path: str, limit: int) -> bytes:
        if str(path).endswith(name):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return read(path, limit)

    (base / name).touch()
    monkeypatch.setattr(definition_files, "read_regular", reading)
    assert refused(base) == [f"{name} KB101"]
