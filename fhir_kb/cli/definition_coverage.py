"""Which of the files that `validate` is given are definitions, and which nothing reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class DefinitionCoverage:
    """What of a knowledge base is checked."""

    topics: int
    """How many topics it has."""
    skipped: tuple[str, ...]
    """The files in the paths that are not read."""
    is_nothing: bool
    """Whether the paths are files that are not read, all of them."""


def definition_coverage(knowledge_base: Path, paths: Sequence[Path]) -> DefinitionCoverage:
    """What is checked where `paths`, files and folders in a knowledge base, are to be checked."""
    from fhir_kb.read.unread_files import KnowledgeBaseFiles

    all_files = KnowledgeBaseFiles(knowledge_base)
    root = Path(os.path.abspath(knowledge_base))  # noqa: PTH100  without following links
    places = {path: Path(os.path.abspath(path)) for path in paths}  # noqa: PTH100
    files = {path: place for path, place in places.items() if not path.is_dir()}
    folders = [place for path, place in places.items() if path.is_dir()]
    unread_named = {
        path
        for path, place in files.items()
        if place.is_relative_to(root) and not all_files.is_read(place.relative_to(root).as_posix())
    }
    skipped = {path.as_posix() for path in unread_named}
    skipped |= {
        (knowledge_base / name).as_posix()
        for name in (all_files.unread() if folders else ())
        if any((root / name).is_relative_to(folder) for folder in folders)
    }
    return DefinitionCoverage(
        all_files.topics,
        tuple(sorted(skipped)),
        is_nothing=bool(paths) and unread_named == {*paths},
    )
