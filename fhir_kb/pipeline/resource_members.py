"""The single contents of what `--bundle` names: files, lines of NDJSON, members of packages."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.diagnostics import Span
from fhir_kb.packages import PackageError, cache_folders, open_package
from fhir_kb.pipeline.input_files import MAX_FILE, STANDARD_INPUT, SkippedFile, files_in, is_stream
from fhir_kb.pipeline.interrupted_output import complete_outputs_of
from fhir_kb.push import PushError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fhir_kb.packages import Package

_PACKAGES: Final = (".tgz", ".tar.gz")
_LINES: Final = (".ndjson", ".jsonl")
_MANIFESTS: Final = frozenset({"package.json", ".index.json", ".index.db"})
"""What every package has beside its resources."""
_EXAMPLES: Final = frozenset({"example", "examples", "tests"})
"""Folders of a package whose resources are examples, such as patients."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Member(NamedTuple):
    """A content that may be FHIR."""

    span: Span
    """Where it is: "pack.tgz!package/Library-a.json", or a line of NDJSON."""
    content: bytes
    is_named: bool
    """Whether the user named its file, so that it has to be FHIR."""
    is_line: bool = False
    """Whether it is a line of NDJSON, which is always JSON."""


class OtherFiles(NamedTuple):
    """Files that are not read."""

    span: Span
    reason: str
    """What they are, as a part of a sentence: "3 files of examples"."""


def members(path: Path) -> Iterator[Member | OtherFiles]:
    """What a file, a folder or an unpacked package consists of.

    Raises:
        PushError: It does not exist, or a file of it is too large.
        OSError: It cannot be read.
    """
    if not path.exists() and path != STANDARD_INPUT:
        raise PushError("there is no such file or folder", "Give a bundle, a package or a folder")
    if is_stream(path):
        raise PushError("it is no regular file", "Write it to a file, and name that")
    if not path.is_dir():
        yield from _of_file(path, path.as_posix(), is_named=True)
        return
    skipped: list[SkippedFile] = []
    for file in files_in(path, skipped.append):
        if file.name.lower().endswith(_PACKAGES):
            skipped.append(SkippedFile(file.as_posix(), "a package: name it to push it"))
        else:
            yield from _of_file(file, file.as_posix(), is_named=False)
    yield from (OtherFiles(Span(file), reason) for file, reason in skipped)


def package_at(path: Path) -> Package | None:
    """The package that a file or folder is; None where it is none.

    An output folder that it is, or lies in, is completed first.

    Raises:
        PushError: It cannot be read.
        EnvironmentFailure: A build was interrupted and cannot be completed.
    """
    complete_outputs_of([path])
    is_archive = path.is_file() and path.name.lower().endswith(_PACKAGES)
    is_folder = path.is_dir() and any(
        (folder / "package.json").is_file() for folder in (path, path / "package")
    )
    if not is_archive and not is_folder:
        return None
    try:
        return open_package(path, cache_folders())
    except (PackageError, tarfile.TarError) as error:
        advice = getattr(error, "help", None) or "Give a FHIR package"
        raise PushError(getattr(error, "message", str(error)), advice) from error


def package_members(path: Path, package: Package) -> Iterator[Member | OtherFiles]:
    """The contents of a package: what is in `package/` and its folders, less the examples.

    Raises PushError and OSError as `members`.
    """
    examples: dict[str, int] = {}
    others: dict[tuple[str, str], int] = {}
    root = package.folder.parent if package.folder.name == "package" else package.folder
    separator = "!" if path.is_file() else "/"
    for file in sorted(package.folder.rglob("*")):
        if not file.is_file() or file.name in _MANIFESTS or file.name.startswith("."):
            continue
        inner = file.relative_to(root)
        folder = inner.parent.as_posix()
        name = f"{path.as_posix()}{separator}{inner.as_posix()}"
        if _EXAMPLES.intersection(inner.parts[:-1]):
            examples[folder] = examples.get(folder, 0) + 1
        elif file.suffix.lower() in (".json", ".xml", *_LINES):
            yield from _of_file(file, name, is_named=False)
        else:
            key = folder, file.suffix.lower()
            others[key] = others.get(key, 0) + 1
    if root != package.folder:
        for file in sorted(root.iterdir()):
            if file != package.folder and not file.name.startswith("."):
                span = Span(f"{path.as_posix()}{separator}{file.name}")
                yield OtherFiles(span, "it is not in the folder 'package'")
    for folder, count in examples.items():
        reason = f"{_files(count)} of examples: name the folder to push them"
        yield OtherFiles(Span(f"{path.as_posix()}{separator}{folder}"), reason)
    for (folder, suffix), count in others.items():
        reason = f"{_files(count)} that are no FHIR ({suffix or 'without a suffix'})"
        yield OtherFiles(Span(f"{path.as_posix()}{separator}{folder}"), reason)


def _of_file(file: Path, name: str, *, is_named: bool) -> Iterator[Member]:
    if file.stat().st_size > MAX_FILE:
        limit = MAX_FILE // 2**20
        raise PushError(f"'{name}' is larger than {limit} MB", "Split it and push the parts")
    if not file.name.lower().endswith(_LINES):
        yield Member(Span(name), file.read_bytes(), is_named)
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            content = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
            if content.strip():
                yield Member(Span(name, number, 1), content.strip(), is_named=True, is_line=True)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
