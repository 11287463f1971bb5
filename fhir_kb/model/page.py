"""The page of a topic: prose in sections, with its links to the structure beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.diagnostics import Span


class Link(NamedTuple):
    """A link in the prose to the structure beside it."""

    kind: str
    """ "thing" for `[[target|shown]]`, "reference" for `[@target, locator]`."""

    target: str
    """The name of what it leads to."""

    shown: str
    """The words that stand for it; empty where it has none of its own."""

    locator: str
    """What follows a reference after a comma: `p. 3`."""

    span: Span
    """Where it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with what stands under it, up to the next heading of its level."""

    id: str
    """The heading's `#id`, or one made of its title."""

    title: str
    """The heading."""

    classes: tuple[str, ...]
    """The heading's `.words`: `theory`, `definitions`, `warning`, `note`."""

    markdown: str
    """Its own prose without its sub-sections, links as they were written."""

    links: tuple[Link, ...]
    """The links in its own prose."""

    sections: tuple[Section, ...]
    """Its sub-sections."""

    span: Span
    """Where the heading is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A Markdown file."""

    title: str | None
    """The heading of level 1."""

    lead: str
    """The prose before the first heading of level 2."""

    links: tuple[Link, ...]
    """The links in the lead."""

    sections: tuple[Section, ...]
    """The sections of level 2."""

    span: Span
    """Where the title is written, or the begin of the file."""


def links(page: Page) -> Iterator[Link]:
    """Every link of a page, in reading order."""
    yield from page.links
    pending = list(reversed(page.sections))
    while pending:
        section = pending.pop()
        yield from section.links
        pending.extend(reversed(section.sections))
