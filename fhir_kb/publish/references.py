"""References between emitted resources, and the orders that follow from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Diagnostic, Span
from fhir_kb.publish.finding_codes import UNRESOLVED_REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fhir_kb.emit import EmittedResource

# Any string value that is an absolute URI. Those that are the url of one of our resources are
# dependencies, whatever the property is called: canonical, system, reference by url.
_URI = re.compile(rb'"((?:https?|urn):[^"\\\s]+)"')


def roots_first(resources: Iterable[EmittedResource]) -> list[EmittedResource]:
    """Manifest Libraries, then PlanDefinitions, then the rest; each by type and id."""
    return sorted(
        resources, key=lambda resource: (resource.root, resource.resource_type, resource.id)
    )


def dependencies_first(resources: Iterable[EmittedResource]) -> list[EmittedResource]:
    """Each after those it refers to; a circle is entered at its first member by type and id."""
    by_name = {resource.name: resource for resource in sorted(resources, key=_type_and_id)}
    ordered: dict[str, EmittedResource] = {}
    visited: set[str] = set()
    stack = list(reversed(by_name.values()))
    while stack:
        resource = stack[-1]
        if resource.name in visited:
            ordered.setdefault(resource.name, stack.pop())
            continue
        visited.add(resource.name)
        stack += [
            by_name[name]
            for name in reversed(resource.references)
            if name in by_name and name not in visited
        ]
    return list(ordered.values())


def _type_and_id(resource: EmittedResource) -> tuple[str, str]:
    return resource.resource_type, resource.id


def by_canonical(resources: Iterable[EmittedResource]) -> dict[str, list[EmittedResource]]:
    """The resources by their url, each also by "url|version"."""
    by_url: dict[str, list[EmittedResource]] = {}
    for resource in resources:
        if resource.url:
            by_url.setdefault(resource.url, []).append(resource)
            by_url.setdefault(f"{resource.url}|{resource.version}", []).append(resource)
    return by_url


def reachable(
    roots: Sequence[EmittedResource],
    resources: Mapping[str, EmittedResource],
    *,
    canonicals: bool = True,
) -> list[EmittedResource]:
    """The roots, then all they need, directly or not, nearest first.

    Args:
        roots: Where to start.
        resources: All resources of the release, by "Type/id".
        canonicals: Whether to follow canonical urls too, and not only literal references.
    """
    by_url = by_canonical(resources.values()) if canonicals else {}
    reached = {resource.name: resource for resource in roots}
    queue = list(reached.values())
    for resource in queue:  # grows while it is read
        needed = [resources[name] for name in resource.references if name in resources]
        if by_url:
            for uri in map(bytes.decode, _URI.findall(resource.line_bytes)):
                needed += by_url.get(uri, ()) if uri != resource.url else ()
        for other in needed:
            if other.name not in reached:
                reached[other.name] = other
                queue.append(other)
    return list(reached.values())


def unresolved_references(resources: Iterable[EmittedResource], release: str) -> list[Diagnostic]:
    """A finding for each literal reference to a resource that is not among these.

    Servers reject such a transaction. Places are those of the resources, not of definitions.
    """
    ordered = sorted(resources, key=_type_and_id)
    names = {resource.name for resource in ordered}
    code = UNRESOLVED_REFERENCE
    return [
        Diagnostic(
            code.id,
            code.severity,
            f"'{resource.name}' refers to '{name}', which is not published with it",
            Span(f"{release}/{resource.file_name}"),
            help="Define it, or leave the reference out",
            release=release,
        )
        for resource in ordered
        for name in resource.references
        if name not in names
    ]
