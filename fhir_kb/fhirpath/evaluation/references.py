"""What is around an element: the resource that its "#id" references mean, and the bundle.

http://hl7.org/fhir/references.html#contained, http://hl7.org/fhir/bundle.html#references
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.fhirpath.evaluation.items import Element


def member(element: Element, name: str) -> Any:
    """A property of an element's JSON, or None."""
    return element.value.get(name) if isinstance(element.value, dict) else None


def around(element: Element) -> Iterator[Element]:
    """The element and all that are around it, from the inside out."""
    node: Element | None = element
    while node is not None:
        yield node
        node = node.parent


def surroundings(element: Element) -> tuple[Element | None, Element | None]:
    """The resource that contains (and is not contained), and the bundle around it."""
    holder = bundle = None
    for node in around(element):
        if node.type.is_resource and node.name != "contained":
            if node.type.name == "Bundle":
                bundle = bundle or node
            holder = holder or node
    return holder, bundle


def contained(holder: Element, name: str) -> Element | None:
    """The contained resource with that id."""
    return next((one for one in holder.children("contained") if member(one, "id") == name), None)


def base_of_entry(element: Element) -> str:
    """What stands before Type/id in the fullUrl of the entry around an element; "": nothing."""
    for node in around(element):
        if node.name == "entry" and isinstance(full_url := member(node, "fullUrl"), str):
            return full_url.rpartition("/")[0].rpartition("/")[0] + "/" if "://" in full_url else ""
    return ""


class _Entries(NamedTuple):
    """The resources of a bundle, and the first for each fullUrl, Type/id and canonical url."""

    resources: list[Element]
    by_full_url: dict[str, int]
    by_place: dict[str, int]
    by_url: dict[str, int]


def entry_for(
    bundle: Element, reference: str, element: Element | None, *, by_url: bool = False
) -> Element | None:
    """The first resource of a bundle that a reference, which stands in an element, leads to.

    by_url: whether canonical urls lead there too. The bundle is searched once for all references.
    """
    wanted = reference.partition("/_history/")[0].partition("#")[0]
    base = "" if element is None else base_of_entry(element)
    is_relative = "://" not in wanted and not wanted.startswith("urn:")
    entries = _entries(bundle)
    places = [entries.by_full_url.get(wanted)]
    if is_relative:
        places.append(
            entries.by_full_url.get(base + wanted) if base else entries.by_place.get(wanted)
        )
    if by_url:
        places.append(entries.by_url.get(wanted))
    found = [one for one in places if one is not None]
    return entries.resources[min(found)] if found else None


def _entries(bundle: Element) -> _Entries:
    try:
        known: _Entries = bundle.kept
    except AttributeError:
        known = bundle.kept = _entries_of(bundle)
    return known


def _entries_of(bundle: Element) -> _Entries:
    made = _Entries([], {}, {}, {})
    for entry in bundle.children("entry"):
        full_url = member(entry, "fullUrl")
        for resource in entry.children("resource"):
            number = len(made.resources)
            made.resources.append(resource)
            place = f"{member(resource, 'resourceType')}/{member(resource, 'id')}"
            made.by_place.setdefault(place, number)
            for known, key in (
                (made.by_full_url, full_url),
                (made.by_url, member(resource, "url")),
            ):
                if isinstance(key, str):
                    known.setdefault(key, number)
    return made
