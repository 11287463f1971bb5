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
#: What a file of that kind has if it may be a resource.
_MARKS: Final = {".json": b'"resourceType"', ".xml": b'"http://hl7.org/fhir"'}
_PACKAGES: Final = (".tgz", ".tar.gz")


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one resource of a file, as people see the file's name."""

    file: str
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
    """Check files, and what lies in folders and packages; one report a resource, as it comes.

    options: FHIR R5, where it is None. lines: what checks NDJSON, such as
    `fhir_kb.bulk.check_lines`, which has all cores do it.

    NDJSON is read line by line. In folders and packages, JSON that is no resource (package.json,
    indexes, reports) is passed over; a file that is named is always checked.

    Raises EnvironmentFailure for what cannot be read, ValueError for an unknown version,
    PackageError for packages.
    """
    options = options or ValidationOptions()
    validator = options.validator()

    def checked(some: Iterable[bytes]) -> Iterator[ResourceReport]:
        return check_lines_with(validator, some) if lines is None else lines(some, options)

    checks = _Checks(validator, checked)
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
                raise EnvironmentFailure(f"'{path}' unpacks to more than a package may hold")
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
        raise EnvironmentFailure(f"'{path}' has more than {limit} MB", advice)
    return path.read_bytes()


def _reports(file: str, found: Iterable[ResourceReport]) -> Iterator[FileReport]:
    for one in found:
        yield FileReport(file, one.fhir_version, one.resource_type, one.id, one.issues)
