"""What a command prints: the same content in two forms."""

from __future__ import annotations

from typing import Any, NamedTuple


class Page(NamedTuple):
    """The same content for people and for programs."""

    text: str
    data: dict[str, Any]
