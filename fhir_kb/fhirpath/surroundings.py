"""What is around an element: the resource that its "#id" references mean, and the bundle.

http://hl7.org/fhir/references.html#contained, http://hl7.org/fhir/bundle.html#references
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.fhirpath.items import Element


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
