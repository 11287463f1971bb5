"""What needs what among emitted resources, and the orders that follow from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Diagnostic, Span
from fhir_kb.publish.codes import UNRESOLVED_REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fhir_kb.emit import EmittedResource

# Any string value that is an absolute URI. Those that are the url of one of our resources are
# dependencies, whatever the property is called: canonical, system, reference by url.
_URI = re.compile(rb'"((?:https?|urn):[^"\\\s]+)"')


def roots_first(resources: Iterable[EmittedResource]) -> list[EmittedResource]:
    """Manifest Libraries, then PlanDefinitions, then the rest; each by type and id."""
    return sorted(resources, key=lambda one: (one.root, one.resource_type, one.id))


def dependencies_first(resources: Iterable[EmittedResource]) -> list[EmittedResource]:
    """Each after those it refers to; a circle is entered at its first member by type and id."""
    known = {one.name: one for one in sorted(resources, key=lambda one: one[:2])}
    done: dict[str, EmittedResource] = {}
    opened: set[str] = set()
    stack = list(reversed(known.values()))
    while stack:
        one = stack[-1]
        if one.name in opened:
            done.setdefault(one.name, stack.pop())
            continue
        opened.add(one.name)
        stack += [known[to] for to in reversed(one.references) if to in known and to not in opened]
    return list(done.values())


def by_canonical(resources: Iterable[EmittedResource]) -> dict[str, list[EmittedResource]]:
    """The resources by their url, each also by "url|version"."""
    found: dict[str, list[EmittedResource]] = {}
    for one in resources:
        if one.url:
            found.setdefault(one.url, []).append(one)
            found.setdefault(f"{one.url}|{one.version}", []).append(one)
    return found


def reachable(
    roots: Sequence[EmittedResource],
    resources: Mapping[str, EmittedResource],
    *,
    canonicals: bool = True,
) -> list[EmittedResource]:
    """The roots, then all they need, directly or not, nearest first.

    resources: what there is, by "Type/id". With `canonicals`, also what is meant by its url.
    """
    urls = by_canonical(resources.values()) if canonicals else {}
    found = {one.name: one for one in roots}
    queue = list(found.values())
    for one in queue:  # grows while it is read
        wanted = [resources[name] for name in one.references if name in resources]
        if urls:
            for uri in map(bytes.decode, _URI.findall(one.line_bytes)):
                wanted += urls.get(uri, ()) if uri != one.url else ()
        for other in wanted:
            if other.name not in found:
                found[other.name] = other
                queue.append(other)
    return list(found.values())


def unresolved_references(resources: Iterable[EmittedResource], release: str) -> list[Diagnostic]:
    """A finding for each literal reference that leads to no resource of the same set.

    Servers refuse such a transaction. Places are those of the resources, not of definitions.
    """
    everything = sorted(resources, key=lambda one: one[:2])
    names = {one.name for one in everything}
    code = UNRESOLVED_REFERENCE
    return [
        Diagnostic(
            code.id,
            code.severity,
            f"'{one.name}' refers to '{to}', which is not published with it",
            Span(f"{release}/{one.file_name}"),
            help="Define it, or leave the reference out",
            release=release,
        )
        for one in everything
        for to in one.references
        if to not in names
    ]
