"""Reading tar archives to their end: what is damaged inside does not end them silently.

`tarfile` takes a header that it cannot read, and whatever follows the first end mark, as the end of
the archive: the files after it would be missing without a word.
"""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 18
_ENDS = ("EOFHeaderError", "EmptyHeaderError")
"""What a header is where the archive ends."""


class _Header(tarfile.TarInfo):
    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            if not tarfile_.offset or type(error).__name__ in _ENDS:
                raise
            message = f"it is damaged at byte {tarfile_.offset} of what it unpacks to"
            raise tarfile.ReadError(message) from error


def open_tar(stream: IO[bytes]) -> tarfile.TarFile:
    """A tar archive that is not compressed, or is unpacked while it is read, from its beginning.

    Raises tarfile.TarError where it is none.
    """
    return tarfile.open(fileobj=stream, mode="r:", tarinfo=_Header)


def members_of(archive: tarfile.TarFile, stream: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """The members of an archive of `open_tar`, in order; their list is not kept.

    Args:
        archive: The archive.
        stream: What it is read from; it is read to the end, so that its checksum counts.

    Raises:
        tarfile.TarError: It is damaged, or has something after its end.
    """
    while (member := archive.next()) is not None:
        yield member
        archive.members.clear()  # type: ignore[attr-defined]  # else it keeps the headers of all
    while block := stream.read(_BLOCK):
        if block.strip(b"\0"):
            raise tarfile.ReadError("there is more after its end, which nothing would read")
