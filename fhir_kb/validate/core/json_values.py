"""Access to JSON values whose form may be anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def objects(value: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a list of that name, with their indices; all else is skipped."""
    items = value.get(name) if isinstance(value, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item


def text(value: Any, name: str) -> str:
    """The string of that name, or ""."""
    content = value.get(name) if isinstance(value, dict) else None
    return content if isinstance(content, str) else ""


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """All names and values at any depth; the items of a list have the list's name."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        name, inner = todo.pop()
        yield name, inner
        if isinstance(inner, dict):
            todo.extend(inner.items())
        elif isinstance(inner, list):
            todo.extend((name, item) for item in inner)
