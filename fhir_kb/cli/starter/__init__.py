"""The knowledge base that `fhir-kb init` starts with; its text lies beside, under files/."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HERE: Final = Path(__file__).parent / "files"
PURPOSE: Final = {
    "kb.yaml": "settings of the whole knowledge base",
    "concepts.yaml": "what several topics speak of, with its codes",
    "first-topic/topic.yaml": "a topic: its plan, activities and evidence",
    "first-topic/page.md": "its text, as readers see it",
    "first-topic/references.yaml": "the works that it cites",
}
_SCHEMAS: Final = ("kb", "concepts", "topic", "references")


def files(schema: Callable[[str], dict[str, Any]]) -> dict[str, bytes]:
    """All files by their path below the folder; `schema` gives those that editors read."""
    found = {name: (_HERE / name).read_bytes() for name in PURPOSE}
    for name in _SCHEMAS:
        text = json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"
        found[f".schema/{name}.json"] = text.encode()
    return found


def taken(folder: Path, contents: Mapping[str, bytes]) -> Path | None:
    """What is in the way: one of the files, or something that is no folder; None where all is free.

    Other files in the folder are none of our business.
    """
    for name in contents:
        way = [folder, *(folder / part for part in reversed(Path(name).parents))]
        for part in way:
            if part.exists() and not part.is_dir():
                return part
        if (folder / name).exists() or (folder / name).is_symlink():
            return folder / name
    return None


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files; where one can't be written, none is left behind. Raises OSError."""
    made: list[Path] = []
    try:
        for name, content in contents.items():
            target = folder / name
            for part in [*reversed(target.parents)]:
                if not part.exists():
                    part.mkdir()
                    made.append(part)
            with target.open("xb") as file:
                made.append(target)
                file.write(content)
    except OSError:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise
