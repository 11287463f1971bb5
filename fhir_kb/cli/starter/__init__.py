"""The knowledge base that `fhir-kb init` starts with; its files are in the folder files/."""

from __future__ import annotations

import contextlib
import json
import re
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
_DEFAULT_NAME: Final = "my-knowledge-base"
_DEFINITIONS: Final = "definitions"
_LONGEST: Final = 40
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")


def name_for(folder: Path) -> str:
    """The id of a knowledge base in a folder: its name, or that of the folder around `definitions`.

    Two knowledge bases in folders of different names so have different ids and canonical urls, and
    can be pushed to one server.
    """
    folder = folder.absolute()
    if folder.name == _DEFINITIONS:
        folder = folder.parent
    name = _NOT_IN_NAMES.sub("-", folder.name.lower())[:_LONGEST].strip("-")
    return name if name[:1].isalpha() else f"kb-{name}" if name else _DEFAULT_NAME


def files(schema: Callable[[str], dict[str, Any]], name: str) -> dict[str, bytes]:
    """The files by their path below the folder.

    Args:
        schema: Gives the JSON Schema of a file, for editors.
        name: The id of the knowledge base; topic and canonical url begin with it.
    """
    title = name.replace("-", " ").capitalize()
    contents = {
        path: (_HERE / path)
        .read_text(encoding="utf-8")
        .replace("{name}", name)
        .replace("{title}", title)
        .encode()
        for path in PURPOSE
    }
    for file in _SCHEMAS:
        text = json.dumps(schema(file), ensure_ascii=False, indent=2) + "\n"
        contents[f".schema/{file}.json"] = text.encode()
    return contents


def existing_path(folder: Path, contents: Mapping[str, bytes]) -> Path | None:
    """A path where a file cannot be created: one of the files exists, or a parent is no folder.

    None where all can be created. Other files in the folder do not matter.
    """
    for name in contents:
        parents = [folder, *(folder / parent for parent in reversed(Path(name).parents))]
        for parent in parents:
            if parent.exists() and not parent.is_dir():
                return parent
        if (folder / name).exists() or (folder / name).is_symlink():
            return folder / name
    return None


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files; where one cannot be written, none is left behind. Raises OSError."""
    created: list[Path] = []
    try:
        for name, content in contents.items():
            target = folder / name
            for parent in [*reversed(target.parents)]:
                if not parent.exists():
                    parent.mkdir()
                    created.append(parent)
            with target.open("xb") as file:
                created.append(target)
                file.write(content)
    except OSError:
        for path in reversed(created):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise
