"""`validate` on FHIR files: JSON, XML, NDJSON, bundles, packages, and folders of them."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias, cast

from fhir_kb.pipeline.environment import EnvironmentFailure
from fhir_kb.pipeline.file_checks import FileChecks, FileReport
from fhir_kb.pipeline.input_files import (
    MAX_FILE,
    SkippedFile,
    files_in,
    is_stream,
    read_stream,
)
from fhir_kb.pipeline.interrupted_output import complete_outputs_of
from fhir_kb.pipeline.release_statements import (
    StatedRelease,
    folder_release,
    given_release,
)
from fhir_kb.validate import ValidationOptions
from fhir_kb.validate.check import unread
from fhir_kb.validate.input.encodings import utf16_codec
from fhir_kb.validate.input.recognition import is_tar, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import BufferedReader

    from fhir_kb.packages.dependencies.resolution import MissingPackage
    from fhir_kb.pipeline.file_checks import CheckLines, LikelierRelease

_LINES: Final = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_PACKAGES: Final = (".tgz", ".tar.gz")
_PACKED_FHIR: Final = (".json.gz", ".xml.gz", ".ndjson.gz", ".jsonl.gz")
_DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile)
_GZIP: Final = b"\x1f\x8b"
_HEAD: Final = 1024
"""How much of a file says whether the rest has to be read."""
_MARKUP: Final = (b"{", b"[", b"<")


_Readable: TypeAlias = "BufferedReader | gzip.GzipFile"


@dataclass(frozen=True, slots=True)
class _Run:
    """What checks contents, and who is told of files that are not checked."""

    checks: FileChecks
    on_skipped: Callable[[SkippedFile], None]
    folder_release: Callable[[Path], StatedRelease | None]
    met: set[str] | None
    """The absolute names of files that were met; None where no file can be met twice."""
    repeated: list[Path]
    """The files that were met again: each was named, and so was its folder."""

    def is_repeated(self, path: Path) -> bool:
        """Whether a file was met before."""
        if self.met is None:
            return False
        name = os.path.abspath(path)  # noqa: PTH100  pathlib keeps '..'
        if name in self.met:
            self.repeated.append(path)
            return True
        self.met.add(name)
        return False


def validate_files(
    paths: Sequence[Path],
    options: ValidationOptions | None = None,
    *,
    lines: CheckLines | None = None,
    detect_release: bool = False,
    on_skipped: Callable[[SkippedFile], None] | None = None,
    on_likelier_release: Callable[[LikelierRelease], None] | None = None,
    on_missing_package: Callable[[MissingPackage], None] | None = None,
) -> Iterator[FileReport]:
    """Check files, pipes ("-" is the standard input), and the files in folders and packages.

    NDJSON is read line by line. Files are recognised by their content. A file that is named and is
    no FHIR has an error; one in a folder or package is skipped.

    Args:
        paths: Files and folders.
        options: The settings of the validation; None: FHIR R5 without packages.
        lines: What checks NDJSON, such as `fhir_kb.bulk.ndjson.check_lines`, which uses all cores.
        detect_release: Whether the FHIR release that a package, folder or file names goes before
            that of the packages of the options, and that before the one of the options.
        on_skipped: Receives each file in a folder or package that is no FHIR.
        on_likelier_release: Receives, at the end, the release of which there are far fewer errors.
        on_missing_package: Receives, before the reports, each package that those of the options
            depend on and that is not on this machine.

    Yields:
        A report for each resource, as soon as it was checked.

    Raises:
        EnvironmentFailure: A file or folder cannot be read.
        ValueError: The FHIR version is unknown.
        PackageError: A package cannot be used.
    """
    options = options or ValidationOptions()
    complete_outputs_of([*paths, *options.also, *map(Path, options.packages)])
    options, source = _with_packages(
        options, detect_release, on_missing_package or _ignore, on_skipped or _ignore
    )
    checks = FileChecks(options, lines, detect_release=detect_release, default_source=source)
    met: set[str] | None = set() if len(paths) > 1 else None
    run = _Run(checks, on_skipped or _ignore, cache(folder_release), met, [])
    for path in paths:
        is_empty = True
        repeated = len(run.repeated)
        try:
            for report in _folder(path, run) if path.is_dir() else _named_file(path, run):
                is_empty = False
                yield report
            if is_empty and len(paths) > 1 and len(run.repeated) == repeated:
                run.on_skipped(SkippedFile(path.as_posix(), "nothing in it is FHIR"))
        except _DAMAGED as error:
            raise EnvironmentFailure(f"'{path}' cannot be unpacked: {error}") from error
        except OSError as error:
            message = f"'{error.filename or path}' cannot be read: {error.strerror or error}"
            raise EnvironmentFailure(message) from error
    if on_likelier_release is not None and (likelier := checks.likelier_release()):
        on_likelier_release(likelier)


def _ignore(_: object) -> None:
    """Nobody asked."""


def _with_packages(
    options: ValidationOptions,
    detect_release: bool,
    on_missing_package: Callable[[MissingPackage], None],
    on_skipped: Callable[[SkippedFile], None],
) -> tuple[ValidationOptions, str]:
    """The options in the release that their packages name, and where: "from a.b#1.0.0", or ""."""
    if not options.packages and not options.also:
        return options, ""
    loaded = options.load_packages()
    for missing in loaded.missing:
        on_missing_package(missing)
    for package in loaded.given:
        for problem in package.problems:
            if package.folder.is_file():
                raise EnvironmentFailure(problem, "correct the file, or leave it out")
            on_skipped(SkippedFile(package.label, problem))
    for path, problem in options.unusable_xml_files():
        on_skipped(SkippedFile(path.as_posix(), problem))
    stated = given_release(loaded.given, options.xml_files()) if detect_release else None
    if stated is None or stated.release is None:
        return options, stated.source if stated else ""
    return options._replace(fhir_version=stated.release.version), stated.source


def _folder(folder: Path, run: _Run) -> Iterator[FileReport]:
    for path in files_in(folder, run.on_skipped):
        name = path.as_posix()
        if run.is_repeated(path):
            continue
        try:
            yield from _in_folder(path, name, run)
        except _DAMAGED as error:
            reason = f"damaged data, compressed by gzip ({error})"
            if name.lower().endswith(_PACKED_FHIR):
                yield from _unread(name, f"this is {reason}", run)
            else:
                run.on_skipped(SkippedFile(name, reason))


def _in_folder(path: Path, name: str, run: _Run) -> Iterator[FileReport]:
    """The reports of a file in a folder, which may be no FHIR."""
    head = _head(path)
    if path.name.lower().endswith(_LINES):
        yield from _line_reports(path, run)
    elif is_tar(head) or name.lower().endswith(_PACKAGES):
        run.on_skipped(SkippedFile(name, "a package: name it to check it"))
    else:
        data = head if _is_foreign(name, head) else _read(path)
        yield from _if_fhir(name, data, run, run.folder_release(path.parent))


def _is_foreign(name: str, head: bytes) -> bool:
    """Whether the beginning of a file and its name say that it is neither JSON nor XML."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(_MARKUP) or utf16_codec(head):
        return False
    return not name.lower().removesuffix(".gz").endswith((".json", ".xml"))


def _if_fhir(
    name: str, data: bytes, run: _Run, stated: StatedRelease | None
) -> Iterator[FileReport]:
    """The reports of a content that is FHIR; anything else is skipped."""
    content = recognise(data, name.removesuffix(".gz"))
    if content.is_fhir:
        yield from run.checks.content(name, data, stated)
    else:
        run.on_skipped(SkippedFile(name, content.looks_like))


def _named_file(path: Path, run: _Run) -> Iterator[FileReport]:
    name = path.as_posix()
    if is_stream(path):
        data = read_stream(path)
        if data.startswith(_GZIP):
            data = _read_all(gzip.GzipFile(fileobj=io.BytesIO(data)), name)
            if is_tar(data):
                yield from _package(name, partial(io.BytesIO, data), run)
                return
        yield from _named_content(name, data, run, None)
    elif run.is_repeated(path):
        return
    elif name.lower().endswith(_LINES):
        yield from _line_reports(path, run)
    elif is_tar(_head(path)) or name.lower().endswith(_PACKAGES):
        yield from _package(name, _opens_package(path), run)
    else:
        yield from _named_content(name, _read(path), run, run.folder_release(path.parent))


def _named_content(
    name: str, data: bytes, run: _Run, stated: StatedRelease | None
) -> Iterator[FileReport]:
    """The reports of a content that has to be FHIR."""
    content = recognise(data, name.removesuffix(".gz"))
    if content.is_fhir or content.is_markup:
        yield from run.checks.content(name, data, stated)
        return
    yield from _unread(name, f"this is {content.looks_like}", run)


def _unread(name: str, message: str, run: _Run) -> Iterator[FileReport]:
    """The error that something cannot be read."""
    for report in unread(run.checks.validator(), message).resources:
        yield FileReport(name, report.fhir_version, "", "", report.issues)


def _line_reports(path: Path, run: _Run) -> Iterator[FileReport]:
    with _open(path) as file:
        name = path.as_posix()
        yield from run.checks.lines(name, _lines(file, name), run.folder_release(path.parent))


def _lines(file: _Readable, name: str) -> Iterator[bytes]:
    """The lines of a file, none of which may be longer than a file may be."""
    while line := file.readline(MAX_FILE + 1):
        if len(line) > MAX_FILE:
            limit = MAX_FILE // 1024 // 1024
            advice = "NDJSON has each resource in a line of its own"
            raise EnvironmentFailure(f"'{name}' has a line of more than {limit} MB", advice)
        yield line


def _opens_package(path: Path) -> Callable[[], IO[bytes]]:
    """What opens a package, unpacked while it is read. Raises EnvironmentFailure."""
    with path.open("rb") as file:
        if file.read(len(_GZIP)) != _GZIP:
            message = f"'{path}' is not a FHIR package: not a gzip file"
            raise EnvironmentFailure(message, "a package is a tar file, compressed by gzip")
    return lambda: cast("IO[bytes]", gzip.open(path))


def _package(name: str, open_: Callable[[], IO[bytes]], run: _Run) -> Iterator[FileReport]:
    """The resources of a package; nothing of it is ever unpacked to the disk."""
    from fhir_kb.pipeline.package_archives import archived_files, archived_release

    stated = archived_release(name, open_)
    for inner, data in archived_files(name, open_, run.on_skipped):
        yield from _if_fhir(inner, data, run, stated)


def _open(path: Path) -> _Readable:
    """A file, unpacked while it is read where it is compressed by gzip."""
    file = path.open("rb")
    is_gzip = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if not is_gzip:
        return file
    file.close()
    return gzip.open(path)


def _head(path: Path) -> bytes:
    with _open(path) as file:
        return file.read(_HEAD)


def _read(path: Path) -> bytes:
    with _open(path) as file:
        return _read_all(file, path.as_posix())


def _read_all(file: _Readable, name: str) -> bytes:
    data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        limit = MAX_FILE // 1024 // 1024
        advice = "split it, or write it as NDJSON, which is read line by line"
        raise EnvironmentFailure(f"'{name}' is larger than {limit} MB", advice)
    return data
