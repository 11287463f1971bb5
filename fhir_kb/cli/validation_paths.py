"""What the paths of `fhir-kb validate` are: parts of a knowledge base, or FHIR files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

STANDARD_INPUT: Final = Path("-")
_KB_FILE: Final = "kb.yaml"
_TOPIC_FILE: Final = "topic.yaml"
_FHIR_FILES: Final = frozenset({".json", ".ndjson", ".jsonl", ".xml"})
_DEFINITION_FILES: Final = frozenset({".yaml", ".yml", ".md", ".cql"})


class PathGroup(NamedTuple):
    """Paths that are checked together."""

    knowledge_base: Path | None
    """The folder with kb.yaml that they are part of; None for FHIR files."""
    paths: tuple[Path, ...]


def group_paths(paths: Iterable[Path]) -> list[PathGroup]:
    """What to check: each knowledge base once, and all FHIR files in one go.

    Raises click.UsageError for a path that is not there.
    """
    grouped: dict[Path | None, list[Path]] = {}
    for path in dict.fromkeys(paths):
        if path == STANDARD_INPUT:
            grouped.setdefault(None, []).append(path)
            continue
        if not path.exists():
            message = f"there is no file or folder '{path}'"
            raise click.UsageError(message, click.get_current_context(silent=True))
        grouped.setdefault(_knowledge_base(path), []).append(path)
    return [PathGroup(base, tuple(members)) for base, members in grouped.items()]


def _knowledge_base(path: Path) -> Path | None:
    """The folder with kb.yaml that a path is part of."""
    if not path.is_dir() and (not path.is_file() or path.suffix.lower() not in _DEFINITION_FILES):
        return None
    if path.is_dir() and (path / _KB_FILE).is_file():
        return path
    if path.is_dir() and not _looks_like_definitions(path):
        return None
    for folder in _outwards(path):
        if (folder / _KB_FILE).is_file():
            return folder
    return path if path.is_dir() else None  # a file of no knowledge base is for FHIR to recognise


def _looks_like_definitions(folder: Path) -> bool:
    """Whether a folder without kb.yaml is part of one, or was meant to have one.

    It has a topic.yaml, or other YAML and no FHIR files.
    """
    if (folder / _TOPIC_FILE).is_file():
        return True
    suffixes = {entry.suffix.lower() for entry in folder.iterdir()}
    return bool(suffixes & {".yaml", ".yml"}) and not suffixes & _FHIR_FILES


def _outwards(path: Path) -> Iterable[Path]:
    """The folders around a path as it was written; then those of its absolute form."""
    written = [folder for folder in path.parents if folder.parts]
    return written if path.is_absolute() else [*written, *path.absolute().parents]
