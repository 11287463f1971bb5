"""FHIR: Additional functions, about references: resolve(), and the keys of SQL on FHIR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.evaluation.items import Element, Item
from fhir_kb.fhirpath.evaluation.references import (
    contained_resource,
    enclosing_resources,
    find_entry,
    json_property,
)
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.text import text_of

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.scope import Scope

_REFERRING = ("Reference", "uri", "url", "canonical", "CodeableReference")


@function("resolve")
def resolve(scope: Scope, focus: list[Item]) -> list[Item]:
    """The resources that references, canonicals and urls refer to, as far as they are available."""
    targets: list[Item] = []
    scope.env.spend(len(focus))
    for item in focus:
        reference = _reference_text(item)
        if reference is not None:
            target = _target(scope, item, reference)
            targets += [] if target is None else [target]
    return targets


def _reference_text(item: Item) -> str | None:
    if not isinstance(item, Element):
        return item if isinstance(item, str) else None
    text = item.value
    if item.type.name == "CodeableReference" and isinstance(text, dict):
        text = text.get("reference")
    if isinstance(text, dict) and (item.type.name in _REFERRING or item.type.is_open):
        text = text.get("reference")
    elif item.type.system and item.type.name not in (*_REFERRING, "string"):
        return None
    return text if isinstance(text, str) else None


def _target(scope: Scope, item: Item, reference: str) -> Element | None:
    container, bundle = _enclosing_resources(scope, item)
    if reference.startswith("#"):
        if container is None or reference == "#":
            return container
        return contained_resource(container, reference[1:])
    if bundle is not None:
        referring = item if isinstance(item, Element) else None
        entry = find_entry(bundle, reference, referring, by_url=True)
        if entry is not None:
            return entry
    resolver = scope.env.services.resolver
    resource = None if resolver is None else resolver(reference)
    if resource is None:
        return None
    value = dict(resource)
    return Element(value, scope.env.schema.of_value(value))


def _enclosing_resources(scope: Scope, item: Item) -> tuple[Element | None, Element | None]:
    """The resource and the bundle that the item is in; those of the evaluation by default."""
    first = scope.env.root[0] if scope.env.root else None
    root = first if isinstance(first, Element) else None
    start = item if isinstance(item, Element) else root
    container, bundle = (None, None) if start is None else enclosing_resources(start)
    if bundle is None and root is not None and root.type.name == "Bundle":
        bundle = root
    return container or root, bundle


@function("getResourceKey", returns="String")
def get_resource_key(_: Scope, focus: list[Item]) -> list[Item]:
    """Type/id of a resource (SQL on FHIR)."""
    return [
        f"{item.type.name}/{identifier}"
        for item in focus
        if isinstance(item, Element)
        and item.type.is_resource
        and isinstance(identifier := json_property(item, "id"), str)
    ]


@function("getReferenceKey", "value?", returns="String")
def get_reference_key(
    _: Scope, focus: list[Item], resource: list[Item] | None = None
) -> list[Item]:
    """Type/id of the target of a Reference (SQL on FHIR), if it is of the given type."""
    resource_type = None if resource is None else text_of(resource, "getReferenceKey()")
    keys: list[Item] = []
    for item in focus:
        text = _reference_text(item)
        if text is None or text.startswith("#"):
            continue
        parts = text.partition("/_history/")[0].split("/")
        if len(parts) > 1 and resource_type in (None, parts[-2]):
            keys.append("/".join(parts[-2:]))
    return keys
