"""What is in the archive of a package; nothing of it is unpacked to the disk."""

from __future__ import annotations

import tarfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from fhir_kb.files.tar_archive import members_of, open_tar
from fhir_kb.pipeline.environment import EnvironmentFailure
from fhir_kb.pipeline.input_files import MAX_FILE, SkippedFile
from fhir_kb.pipeline.release_statements import MANIFEST, MAX_MANIFEST, package_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.pipeline.release_statements import StatedRelease

MAX_PACKAGE: Final = 4 * 1024 * 1024 * 1024
_KNOWN: Final = (MANIFEST, ".index.json")
"""What every package has beside its resources."""


def archived_files(
    name: str, open_: Callable[[], IO[bytes]], on_skipped: Callable[[SkippedFile], None]
) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file of a package.

    Args:
        name: The name of the package, as people see it; "name!path" is that of a file in it.
        open_: Opens it, unpacked.
        on_skipped: Receives links and devices.

    Raises:
        EnvironmentFailure: It is no package, is damaged, or unpacks to too much.
        OSError: It cannot be read.
    """
    total = 0
    with _failures_of(name), open_() as stream, open_tar(stream) as package:
        for member in members_of(package, stream):
            inner = f"{name}!{member.name}"
            if not member.isfile():
                if not member.isdir():
                    on_skipped(SkippedFile(inner, "a link or a device"))
                continue
            if member.name.rpartition("/")[2] in _KNOWN:
                continue
            total += member.size
            if member.size > MAX_FILE or total > MAX_PACKAGE:
                limits = (
                    f"{MAX_PACKAGE // 1024**3} GB, or {MAX_FILE // 1024**2} MB for a file of it"
                )
                raise EnvironmentFailure(f"'{name}' unpacks to more than {limits}")
            content = package.extractfile(member)
            yield inner, content.read() if content else b""


def archived_release(name: str, open_: Callable[[], IO[bytes]]) -> StatedRelease | None:
    """The release that the package.json of a package names; it comes first in most of them.

    Args:
        name: The name of the package, as people see it.
        open_: Opens it, unpacked.

    Raises:
        EnvironmentFailure: It is no package, or is damaged.
        OSError: It cannot be read.
    """
    with _failures_of(name), open_() as stream, open_tar(stream) as package:
        for member in members_of(package, stream):
            if member.isfile() and member.name.removeprefix("./") == f"package/{MANIFEST}":
                content = package.extractfile(member) if member.size <= MAX_MANIFEST else None
                return package_release(content.read()) if content else None
    return None


@contextmanager
def _failures_of(name: str) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        message = f"'{name}' is not a FHIR package, or is damaged: {error}"
        raise EnvironmentFailure(message, "a package is a tar file, compressed by gzip") from error
