"""Walking through resources whose form may be anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def objects(value: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a list of that name, with their numbers; all else is passed over."""
    listed = value.get(name) if isinstance(value, dict) else None
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict):
            yield index, one


def text(value: Any, name: str) -> str:
    """The string of that name, or ""."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
