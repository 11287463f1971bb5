"""Cited works in words, in one place: in full as Vancouver has it, and short for the prose.

The style is that of Citing Medicine (https://www.ncbi.nlm.nih.gov/books/NBK7256/), in plain text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from fhir_kb.model.reference import Author, Reference

MAX_AUTHORS: Final = 6
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_INITIALS: Final = re.compile(r"\s+[A-Z]{1,4}(?:\s+(?:Jr|Sr|2nd|3rd))?$")
_DOI_SIGNS: Final = "/:;()@!$&'*+,=-._~"
_END: Final = (".", "?", "!")


def full_citation(work: Reference) -> str:
    """A work in full, as a reference list prints it."""
    parts = [_people(work.authors, et_al=work.et_al), _title(work), _where(work)]
    if work.registration:
        parts.append(f"Registration {work.registration}")
    if work.doi:
        parts.append(f"doi:{work.doi}")
    if work.pmid:
        parts.append(f"PMID: {work.pmid}")
    if work.pmcid:
        parts.append(f"PMCID: {work.pmcid}")
    if work.url and (work.type in ("web-page", "software", "dataset") or not work.doi):
        parts.append(f"Available from: {work.url}")
    if work.retracted:
        parts.insert(0, "RETRACTED")
    return " ".join(_sentence(part) for part in parts if part)


def short_citation(work: Reference) -> str:
    """A work as the prose names it: `Furlan et al. 2005`."""
    year = str(work.published)[:4] if work.published else "n.d."
    people = work.authors or work.editors
    if not people:
        return f"{_clipped(work.title)} {year}"
    names = [_family(person) for person in people]
    if len(names) > 2 or work.et_al:
        return f"{names[0]} et al. {year}"
    return f"{' and '.join(names)} {year}"


def doi_url(doi: str) -> str:
    """The address of a DOI; signs that no URI may hold (`<`, `>`, `#`, …) are encoded.

    A DOI may hold any sign that can be printed (ISO 26324): those in SICI form hold `<` and `>`.
    """
    return f"https://doi.org/{quote(doi, safe=_DOI_SIGNS)}"


def first_and_last_page(pages: str) -> tuple[str, str]:
    """The first and the last page, in full: `674-82` is 674 and 682. Empty where there is none."""
    first, _, last = (
        part.strip() for part in re.sub(r"[\u2010-\u2015]", "-", pages).partition("-")
    )
    if first.isdecimal() and last.isdecimal() and len(last) < len(first):
        last = first[: len(first) - len(last)] + last
    return first, last


def citation_link(work: Reference) -> str | None:
    """Where a work is found on the web."""
    if work.doi:
        return doi_url(work.doi)
    if work.url:
        return str(work.url)
    return f"https://pubmed.ncbi.nlm.nih.gov/{work.pmid}/" if work.pmid else None


def _people(people: tuple[Author, ...], *, et_al: bool) -> str:
    names = [str(person.name) for person in people[:MAX_AUTHORS]]
    if names and (et_al or len(people) > MAX_AUTHORS):
        names.append("et al")
    return ", ".join(names)


def _title(work: Reference) -> str:
    title = f"{work.title}: {work.subtitle}" if work.subtitle else str(work.title)
    medium = {"web-page": " [Internet]", "dataset": " [dataset]", "software": " [software]",
              "preprint": " [preprint]", "thesis": " [thesis]"}  # fmt: skip
    return title + medium.get(work.type, "")


def _where(work: Reference) -> str:
    if work.journal is None:
        return _published(work)
    if work.type == "chapter":
        editors = _people(work.editors, et_al=False)
        editors = f"{editors}, editors. " if editors else ""
        pages = f" p. {work.pages}" if work.pages else ""
        return f"In: {editors}{_sentence(work.journal.title)} {_sentence(_published(work))}{pages}"
    name = work.journal.abbreviation or work.journal.title
    return f"{_sentence(name)} {_issue(work)}".rstrip()


def _issue(work: Reference) -> str:
    """`2005;12(1):CD001351`."""
    issue = f"({work.issue})" if work.issue else ""
    number = f"{work.volume or ''}{issue}"
    pages = work.pages or work.article_number or ""
    issued = _date(work.published)
    if number:
        issued += f";{number}"
    return f"{issued}:{pages}" if pages else issued


def _published(work: Reference) -> str:
    """`2nd ed. Geneva: World Health Organization; 2021 [revised 2022; cited 2023 May 3]`."""
    journal = work.journal
    publisher = work.publisher or (journal.publisher if journal else None)
    place = work.place or (journal.place if journal else None)
    who = f"{place}: {publisher}" if place and publisher else str(publisher or place or "")
    when = _date(work.published)
    notes = [f"revised {_date(work.revised)}"] if work.revised else []
    notes += [f"cited {_date(work.accessed)}"] if work.accessed else []
    if notes:
        when = f"{when} [{'; '.join(notes)}]".strip()
    edition = ""
    if work.edition:
        edition = f"Version {work.edition}. " if work.type == "software" else f"{work.edition} ed. "
    return f"{edition}{'; '.join(part for part in (who, when) if part)}"


def _date(date: str | None) -> str:
    """`2005 Jan 24`, as far as it is known."""
    if not date:
        return ""
    year, *rest = str(date).split("-")
    month = [_MONTHS[int(rest[0]) - 1]] if rest else []
    day = [str(int(rest[1]))] if len(rest) > 1 else []
    return " ".join((year, *month, *day))


def _family(author: Author) -> str:
    return str(author.name) if author.group else _INITIALS.sub("", str(author.name))


def _clipped(title: str) -> str:
    return title if len(title) <= 40 else title[:38].rsplit(" ", 1)[0] + " …"


def _sentence(part: str) -> str:
    return part if part.endswith(_END) else f"{part}."
