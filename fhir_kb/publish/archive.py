"""tar.gz whose bytes depend on its content alone: not on the clock, the user or the zlib at hand.

Compressors differ: zlib, zlib-ng and the versions of each turn the same input into different bytes.
So the gzip holds stored blocks (RFC 1951, 3.2.4), which every reader takes. The cost is size; see
docs/adr/0004-output.md.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MTIME = 499162500  # 26 October 1985, 08:15 UTC: the time that npm itself writes into packages
_GZIP_HEAD = (
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no name, no time, unknown system
)
_BLOCK = 65_535


def tar(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A POSIX ustar archive of regular files, in the order given, all owned by nobody.

    A path has at most 100 bytes, or a folder of at most 155 and a name of at most 100.
    """
    for path, content in files:
        yield _tar_header(path, len(content))
        yield content
        yield bytes(-len(content) % 512)
    yield bytes(1024)


def _tar_header(path: str, size: int) -> bytes:
    folder, name = "", path
    if len(path.encode()) > 100:
        folder, _, name = path.rpartition("/")
    named, length, below = name.encode(), b"%011o\0" % size, folder.encode()
    total = _CONSTANT_SUM + sum(named) + sum(length) + sum(below)
    return _packed(named, length, b"%06o\0 " % total, below)


def _packed(name: bytes, size: bytes, checksum: bytes, folder: bytes) -> bytes:
    return struct.pack(
        "100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x",
        name, b"0000644\0", b"0000000\0", b"0000000\0",
        size, _TIME, checksum, b"0", b"", b"ustar\0", b"00",
        b"", b"", b"0000000\0", b"0000000\0", folder,
    )  # fmt: skip


_TIME = b"%011o\0" % _MTIME
_CONSTANT_SUM = sum(_packed(b"", b"", b" " * 8, b""))
"""What the parts that all headers share add to the checksum; adding up 512 bytes takes 5 µs."""


def gzip_stored(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The content in a gzip file (RFC 1952) without compression."""
    checksum = size = 0
    yield _GZIP_HEAD
    waiting = bytearray()
    for part in parts:
        checksum = zlib.crc32(part, checksum)
        size += len(part)
        waiting += part
        while len(waiting) > _BLOCK:
            yield _stored(waiting[:_BLOCK], last=False)
            del waiting[:_BLOCK]
    yield _stored(waiting, last=True)
    yield struct.pack("<II", checksum, size & 0xFFFFFFFF)


def _stored(block: bytearray, *, last: bool) -> bytes:
    return struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block
