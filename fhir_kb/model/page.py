"""The page of a topic: prose in sections, with its links to the structure beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.diagnostics import Span


class Link(NamedTuple):
    """`[[target|shown]]` (kind "thing") or `[@target]` (kind "reference") in the prose.

    `locator` is what follows a reference after a comma: `[@furlan-2005, p. 3]`.
    """

    kind: str
    target: str
    shown: str
    locator: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with what stands under it, up to the next heading of its level.

    `markdown` is the section's own prose without its sub-sections, links as they were written.
    `classes` are the heading's `.words`: `theory`, `definitions`, `warning`.
    """

    id: str
    title: str
    classes: tuple[str, ...]
    markdown: str
    links: tuple[Link, ...]
    sections: tuple[Section, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A Markdown file: what stands before the first heading of level 2, and the sections."""

    title: str | None
    lead: str
    links: tuple[Link, ...]
    sections: tuple[Section, ...]
    span: Span


def links(page: Page) -> Iterator[Link]:
    """Every link of a page, in reading order."""
    yield from page.links
    open_ = list(reversed(page.sections))
    while open_:
        section = open_.pop()
        yield from section.links
        open_.extend(reversed(section.sections))
