"""The page of a topic: prose in sections, with its links to the structure beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


class PageImage(NamedTuple):
    """An image in the prose."""

    target: str
    """What the prose names: `elbow.png`."""

    words: str
    """The words that stand for it."""

    span: Span
    """Where it is written."""


class ImageFile(NamedTuple):
    """The file of an image."""

    name: str
    """The name of the file, below the topic's folder."""

    content_type: str
    """Its MIME type."""

    data: bytes
    """Its bytes."""


class Footnote(NamedTuple):
    """A footnote of the page."""

    name: str
    """Its name: `1` of `[^1]`."""

    markdown: str
    """What it says."""

    links: tuple[Link, ...]
    """The links in it."""

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

    footnotes: tuple[str, ...] = ()
    """The names of the footnotes that its own prose refers to."""


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

    lead_footnotes: tuple[str, ...] = ()
    """The names of the footnotes that the lead refers to."""

    footnotes: tuple[Footnote, ...] = ()
    """The footnotes, in the order in which the prose refers to them."""

    images: tuple[PageImage, ...] = ()
    """The images, in reading order."""

    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What `[name]: address` anywhere in the page defines, as the renderer takes it."""


def links(page: Page) -> Iterator[Link]:
    """Every link of a page, in reading order."""
    yield from page.links
    for footnote in page.footnotes:
        yield from footnote.links
    pending = list(reversed(page.sections))
    while pending:
        section = pending.pop()
        yield from section.links
        pending.extend(reversed(section.sections))
