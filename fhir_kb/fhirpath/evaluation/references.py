"""Resolving references inside a resource and its bundle.

http://hl7.org/fhir/references.html#contained, http://hl7.org/fhir/bundle.html#references
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.fhirpath.evaluation.items import Element


def json_property(element: Element, name: str) -> Any:
    """A property of an element's JSON, or None."""
    return element.value.get(name) if isinstance(element.value, dict) else None


def with_ancestors(element: Element) -> Iterator[Element]:
    """The element, its parent and so on, up to the root."""
    node: Element | None = element
    while node is not None:
        yield node
        node = node.parent


def enclosing_resources(element: Element) -> tuple[Element | None, Element | None]:
    """The resource that the element is in (for a contained one, its container), and the bundle."""
    container = bundle = None
    for node in with_ancestors(element):
        if node.type.is_resource and node.name != "contained":
            if node.type.name == "Bundle":
                bundle = bundle or node
            container = container or node
    return container, bundle


def contained_resource(container: Element, resource_id: str) -> Element | None:
    """The contained resource with that id."""
    resources = container.children("contained")
    return next((r for r in resources if json_property(r, "id") == resource_id), None)


def entry_base(element: Element) -> str:
    """The base url in the fullUrl of the entry around an element; "" where there is none."""
    for node in with_ancestors(element):
        full_url = json_property(node, "fullUrl") if node.name == "entry" else None
        if isinstance(full_url, str):
            return full_url.rpartition("/")[0].rpartition("/")[0] + "/" if "://" in full_url else ""
    return ""


class BundleIndex(NamedTuple):
    """The resources of a bundle, and the number of the first with each fullUrl, Type/id and url."""

    resources: list[Element]
    by_full_url: dict[str, int]
    by_type_and_id: dict[str, int]
    by_url: dict[str, int]


def find_entry(
    bundle: Element, reference: str, element: Element | None, *, by_url: bool = False
) -> Element | None:
    """The first resource of a bundle that a reference resolves to.

    Args:
        bundle: The bundle, which is indexed once for all references.
        reference: The text of the reference.
        element: The element that has it: a relative reference resolves from its entry.
        by_url: Whether canonical urls resolve, too.
    """
    target = reference.partition("/_history/")[0].partition("#")[0]
    base = "" if element is None else entry_base(element)
    is_relative = "://" not in target and not target.startswith("urn:")
    index = _index(bundle)
    matches = [index.by_full_url.get(target)]
    if is_relative:
        matches.append(
            index.by_full_url.get(base + target) if base else index.by_type_and_id.get(target)
        )
    if by_url:
        matches.append(index.by_url.get(target))
    numbers = [number for number in matches if number is not None]
    return index.resources[min(numbers)] if numbers else None


def _index(bundle: Element) -> BundleIndex:
    try:
        index: BundleIndex = bundle.bundle_index
    except AttributeError:
        index = bundle.bundle_index = _make_index(bundle)
    return index


def _make_index(bundle: Element) -> BundleIndex:
    index = BundleIndex([], {}, {}, {})
    for entry in bundle.children("entry"):
        full_url = json_property(entry, "fullUrl")
        for resource in entry.children("resource"):
            number = len(index.resources)
            index.resources.append(resource)
            type_and_id = (
                f"{json_property(resource, 'resourceType')}/{json_property(resource, 'id')}"
            )
            index.by_type_and_id.setdefault(type_and_id, number)
            for numbers, key in (
                (index.by_full_url, full_url),
                (index.by_url, json_property(resource, "url")),
            ):
                if isinstance(key, str):
                    numbers.setdefault(key, number)
    return index
