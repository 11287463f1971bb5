"""Names that are safe to write on every operating system, below one folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN_PREFIX = ".fhir-kb"
"""What the names of our own files in an output folder begin with."""

_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
# The files of a release: known to be safe at one look.
_COMMON = re.compile(r"[a-z][0-9][a-z]?/[A-Z][A-Za-z]+-[A-Za-z0-9.\-]{1,64}\.json")


def is_safe(path: str) -> bool:
    """Whether `path` is relative, stays below its folder, and is a name for Windows too."""
    if _COMMON.fullmatch(path):
        return True
    parts = path.split("/")
    return all(
        part
        and part == part.strip(" ")
        and not part.endswith(".")
        and len(part.encode()) <= 255
        and not _FORBIDDEN.search(part)
        and not _RESERVED.fullmatch(part)
        for part in parts
    )


def case_collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths that Windows and macOS take for one file: they differ only in case."""
    first: dict[str, str] = {}
    return [
        (other, path)
        for path in sorted(paths)
        if (other := first.setdefault(path.casefold(), path)) != path
    ]
