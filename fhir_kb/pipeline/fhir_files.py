"""`validate` on FHIR files: JSON, NDJSON, bundles, packages, and folders of them."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fhir_kb.pipeline.environment import EnvironmentFailure
from fhir_kb.validate import ValidationOptions, check_lines_with, check_text_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedReader
    from pathlib import Path

    from fhir_kb.validate import Issue, ResourceReport, Validator

MAX_FILE: Final = 512 * 1024 * 1024
MAX_PACKAGE: Final = 4 * 1024 * 1024 * 1024
_LINES: Final = (".ndjson", ".jsonl")
_ZIPPED: Final = tuple(f"{ending}.gz" for ending in _LINES)
_MARKS: Final = {".json": b'"resourceType"', ".xml": b'"http://hl7.org/fhir"'}
"""What a file with that suffix contains if it may be a resource."""
_PACKAGES: Final = (".tgz", ".tar.gz")


@dataclass(frozen=True, slots=True)
class FileReport:
    """The issues of one resource of a file."""

    file: str
    """The file as people see its name; "package.tgz!path" within a package."""
    fhir_version: str
    resource_type: str
    id: str
    issues: tuple[Issue, ...]


CheckLines = Callable[[Iterable[bytes], ValidationOptions], "Iterator[ResourceReport]"]


@dataclass(frozen=True, slots=True)
class _Checks:
    """What checks whole files, and what checks NDJSON."""

    validator: Validator
    lines: Callable[[Iterable[bytes]], Iterator[ResourceReport]]


def validate_files(
    paths: Sequence[Path],
    options: ValidationOptions | None = None,
    *,
    lines: CheckLines | None = None,
) -> Iterator[FileReport]:
    """Check files, and the files in folders and packages.

    NDJSON is read line by line. In folders and packages, JSON that is no resource (package.json,
    indexes, reports) is left out; a file that is named is always checked.

    Args:
        paths: Files and folders.
        options: The settings of the validation; None: FHIR R5 without packages.
        lines: What checks NDJSON, such as `fhir_kb.bulk.ndjson.check_lines`, which uses all cores.

    Yields:
        A report for each resource, as soon as it was checked.

    Raises:
        EnvironmentFailure: A file cannot be read.
        ValueError: The FHIR version is unknown.
        PackageError: A package cannot be used.
    """
    options = options or ValidationOptions()
    validator = options.validator()

    def check_lines(content: Iterable[bytes]) -> Iterator[ResourceReport]:
        return check_lines_with(validator, content) if lines is None else lines(content, options)

    checks = _Checks(validator, check_lines)
    for path in paths:
        try:
            if path.is_dir():
                yield from _folder(path, checks)
            else:
                yield from _file(path, checks)
        except tarfile.TarError as error:
            message = f"'{path}' is not a FHIR package: {error}"
            raise EnvironmentFailure(
                message, "a package is a tar file, compressed by gzip"
            ) from error
        except (EOFError, zlib.error) as error:
            raise EnvironmentFailure(f"'{path}' cannot be unpacked: {error}") from error
        except OSError as error:
            raise EnvironmentFailure(
                f"'{path}' cannot be read: {error.strerror or error}"
            ) from error


def _folder(folder: Path, checks: _Checks) -> Iterator[FileReport]:
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in below):
            if path.name.endswith((*_LINES, *_ZIPPED)):
                yield from _file(path, checks)
            elif path.suffix in _MARKS:
                data = _read(path)
                if _MARKS[path.suffix] in data:
                    report = check_text_with(checks.validator, data)
                    yield from _reports(path.as_posix(), report.resources)


def _file(path: Path, checks: _Checks) -> Iterator[FileReport]:
    name = path.as_posix()
    if name.endswith(_PACKAGES):
        yield from _package(path, checks)
    elif name.endswith((*_LINES, *_ZIPPED)):
        with gzip.open(path) if name.endswith(_ZIPPED) else path.open("rb") as file:
            yield from _reports(name, checks.lines(_lines(file, name)))
    else:
        yield from _reports(name, check_text_with(checks.validator, _read(path)).resources)


def _lines(file: BufferedReader | gzip.GzipFile, name: str) -> Iterator[bytes]:
    """The lines of a file, none of which may be longer than a file may be."""
    while line := file.readline(MAX_FILE + 1):
        if len(line) > MAX_FILE:
            limit = MAX_FILE // 1024 // 1024
            advice = "NDJSON has each resource in a line of its own"
            raise EnvironmentFailure(f"'{name}' has a line of more than {limit} MB", advice)
        yield line


def _package(path: Path, checks: _Checks) -> Iterator[FileReport]:
    """The resources of a package; nothing of it is ever unpacked to the disk."""
    total = 0
    with tarfile.open(path, "r:gz") as package:
        for member in package:
            if not member.isfile() or not member.name.endswith(".json"):
                continue
            total += member.size
            if member.size > MAX_FILE or total > MAX_PACKAGE:
                limits = (
                    f"{MAX_PACKAGE // 1024**3} GB, or {MAX_FILE // 1024**2} MB for a file of it"
                )
                raise EnvironmentFailure(f"'{path}' unpacks to more than {limits}")
            content = package.extractfile(member)
            data = content.read() if content else b""
            if b'"resourceType"' in data:
                report = check_text_with(checks.validator, data)
                yield from _reports(f"{path.as_posix()}!{member.name}", report.resources)


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_FILE:
        limit = MAX_FILE // 1024 // 1024
        advice = "split it, or write it as NDJSON, which is read line by line"
        raise EnvironmentFailure(f"'{path}' is larger than {limit} MB", advice)
    return path.read_bytes()


def _reports(file: str, reports: Iterable[ResourceReport]) -> Iterator[FileReport]:
    for report in reports:
        yield FileReport(file, report.fhir_version, report.resource_type, report.id, report.issues)
