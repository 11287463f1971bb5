"""What a file shall hold: made when it is needed, known by a key before that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_COMPOSED = "+"  # how the key of content begins that is not made yet


class FileContent(NamedTuple):
    """The content of one file.

    key: equal keys, equal bytes; lets an unchanged file be left alone without making it again.
    parts: makes the bytes, piece by piece; may be called more than once.
    """

    key: str
    parts: Callable[[], Iterable[bytes]]

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes where it is known without making them; else empty."""
        return "" if self.key.startswith(_COMPOSED) else self.key

    def to_bytes(self) -> bytes:
        """All of it at once."""
        return b"".join(self.parts())


def fixed_content(content: bytes, digest: str = "") -> FileContent:
    """Content that is there already; `digest` is its SHA-256 where the caller knows it."""
    return FileContent(digest or hashlib.sha256(content).hexdigest(), lambda: (content,))


def lazy_content(parts: Callable[[], Iterable[bytes]], *made_of: str) -> FileContent:
    """Content put together from what `made_of` names completely: kinds, settings, digests.

    Another version of fhir-kb may put it together differently, so that its keys differ.
    """
    whole = "\0".join((__version__, *made_of)).encode()
    return FileContent(_COMPOSED + hashlib.sha256(whole).hexdigest(), parts)
