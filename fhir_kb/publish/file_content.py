"""The content of a file: produced when it is needed, identified by a key before that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_LAZY = "+"  # how the key of content begins whose bytes are not there yet


class FileContent(NamedTuple):
    """The content of one file."""

    key: str
    """Equal keys, equal bytes: an unchanged file is left alone without producing its content."""
    parts: Callable[[], Iterable[bytes]]
    """Produces the bytes, piece by piece; may be called more than once."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes where it is known without producing them; else empty."""
        return "" if self.key.startswith(_LAZY) else self.key

    def to_bytes(self) -> bytes:
        """All of it at once."""
        return b"".join(self.parts())


def fixed_content(content: bytes, digest: str = "") -> FileContent:
    """Content whose bytes are there; `digest` is their SHA-256 where the caller knows it."""
    return FileContent(digest or hashlib.sha256(content).hexdigest(), lambda: (content,))


def lazy_content(parts: Callable[[], Iterable[bytes]], *inputs: str) -> FileContent:
    """Content that is produced when it is needed.

    Another version of fhir-kb may produce it differently, so that its keys differ.

    Args:
        parts: Produces the bytes.
        inputs: Whatever they depend on: kinds, settings, digests.
    """
    key = "\0".join((__version__, *inputs)).encode()
    return FileContent(_LAZY + hashlib.sha256(key).hexdigest(), parts)
