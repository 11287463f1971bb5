"""References in words, as journals print them (Vancouver style, ICMJE)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhir_kb.model.reference import Reference

MAX_AUTHORS = 6


def reference_in_words(reference: Reference) -> str:
    """One reference: authors, title, where and when it appeared, its identifiers."""
    parts = [authors_in_words(reference), _title(reference), _place(reference)]
    parts += [f"{reference.revised} (revised)" if reference.revised else ""]
    if reference.accessed:
        parts.append(f"[cited {reference.accessed}]")
    if reference.doi:
        parts.append(f"doi:{reference.doi}")
    elif reference.url:
        parts.append(f"Available from: {reference.url}")
    if reference.pmid:
        parts.append(f"PMID: {reference.pmid}")
    if reference.retracted:
        parts.append("[retracted]")
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def authors_in_words(reference: Reference) -> str:
    """The authors; "et al." after the sixth, or where the author list is not complete."""
    people = reference.authors or reference.editors
    names = [str(one.name) for one in people[:MAX_AUTHORS]]
    if names and (len(people) > MAX_AUTHORS or reference.et_al):
        names.append("et al")
    ending = ", editors" if names and not reference.authors else ""
    return ", ".join(names) + ending


def short(reference: Reference) -> str:
    """The reference within a sentence: "Furlan 2005"."""
    people = reference.authors or reference.editors
    who = str(people[0].name) if people else str(reference.title)
    if people and not people[0].group:
        last, _, initials = who.rpartition(" ")
        who = last if last and initials.isupper() else who
    if len(people) > 1 or reference.et_al:
        who = f"{who} et al."
    return f"{who} {reference.published[:4]}" if reference.published else who


def reference_url(reference: Reference) -> str | None:
    """Where the work can be found: its DOI, its address, PubMed."""
    if reference.doi:
        return f"https://doi.org/{reference.doi}"
    if reference.url:
        return str(reference.url)
    if reference.pmid:
        return f"https://pubmed.ncbi.nlm.nih.gov/{reference.pmid}/"
    if reference.pmcid:
        return f"https://www.ncbi.nlm.nih.gov/pmc/articles/{reference.pmcid}/"
    return None


def _title(reference: Reference) -> str:
    subtitle = f": {reference.subtitle}" if reference.subtitle else ""
    edition = f". {reference.edition} ed" if reference.edition else ""
    return f"{reference.title}{subtitle}{edition}"


def _place(reference: Reference) -> str:
    when = str(reference.published or "")
    issue = f"({reference.issue})" if reference.issue else ""
    pages = reference.pages or reference.article_number
    where = f"{reference.volume or ''}{issue}" + (f":{pages}" if pages else "")
    dated = f"{when};{where}" if when and where else when or where
    if reference.journal:
        return f"{reference.journal.abbreviation or reference.journal.title}. {dated}"
    publisher = ": ".join(
        str(one) for one in (reference.place, reference.publisher) if one is not None
    )
    return "; ".join(part for part in (publisher, dated) if part)
