"""Checking resources against the profiles that they claim, and those that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import Element
from fhir_kb.fhirpath.model import schema_of
from fhir_kb.validate.fhir.vital_signs import implied_profile
from fhir_kb.validate.profiles.codes import Codes, ValueSets
from fhir_kb.validate.profiles.conform import WALK, check_profile
from fhir_kb.validate.profiles.extensions import check_extensions
from fhir_kb.validate.profiles.known import KnownProfiles
from fhir_kb.validate.profiles.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.fhirpath import Services
    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.fhir.issue import Finding

_MOST_PROFILES: Final = 100


class Profiles:
    """Checks what the types themselves do not demand.

    canonicals: where profiles are looked up. value_sets: what is known of value sets. Profiles are
    compiled when they are first met, and kept.
    """

    def __init__(
        self, definitions: Definitions, canonicals: Canonicals, value_sets: ValueSets
    ) -> None:
        self._known = KnownProfiles(definitions, canonicals, Codes(value_sets))
        self._schema = schema_of(definitions)

    def check(
        self,
        resource: Mapping[str, Any],
        claiming: Sequence[Any],
        asked: Sequence[str] = (),
        everywhere: Mapping[str, Sequence[str]] | None = None,
        extensions: Sequence[Any] = (),
    ) -> list[Finding]:
        """What is wrong with a resource and those in it, seen from the outermost.

        claiming: the resources in it (or itself) that name profiles in `meta.profile`, as the same
        objects. asked: canonical urls that the outermost resource has to conform to besides.
        everywhere: type -> urls that all resources of the type have to conform to. extensions:
        those in it to look at, as the same objects.
        """
        root = Element(resource, self._schema.of_value(resource))
        if not root.type.is_resource or root.type.is_open:
            return []
        run = Run(self._known, root, WALK)
        found: list[Finding] = []
        for url in dict.fromkeys(asked):
            found += check_profile(run, root, url)
        if extensions:
            found += check_extensions(run, extensions)
        wanted = {id(one) for one in claiming}
        for element in _resources(root) if wanted or everywhere else ():
            urls = _named(element.value) if id(element.value) in wanted else []
            urls += (everywhere or {}).get(element.type.name, ())
            for url in dict.fromkeys(urls):
                if element is not root or url not in asked:
                    found += self._claimed(run, element, url)
        return _each_once(found)

    def services(self) -> Services:
        """For FHIRPath by itself: what it asks of codes and of profiles."""
        nothing = Element({}, self._schema.type("Basic"))
        return Run(self._known, nothing, WALK).services

    def _claimed(self, run: Run, element: Element, url: str) -> list[Finding]:
        return [] if self._known.is_core_type(url) else check_profile(run, element, url)


def _named(resource: Mapping[str, Any]) -> list[str]:
    """What it claims, and what its content implies."""
    implied = implied_profile(resource)
    urls = claimed(resource)
    return urls if implied is None or implied in urls else [*urls, implied]


def claimed(resource: Mapping[str, Any]) -> list[str]:
    """The profiles that a resource names in `meta.profile`."""
    meta = resource.get("meta")
    listed = meta.get("profile") if isinstance(meta, dict) else None
    urls = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return list(dict.fromkeys(urls))[:_MOST_PROFILES]


def _resources(element: Element) -> Iterator[Element]:
    """A resource and all that are inside of it."""
    todo = [element]
    while todo:
        one = todo.pop()
        if one.type.is_resource:
            yield one
        for name in ("parameter", "part", "entry", "response", "outcome", "resource", "contained"):
            if name in one.type.slots:
                todo += reversed([e for e in one.children(name) if isinstance(e.value, dict)])


def _each_once(found: list[Finding]) -> list[Finding]:
    seen: dict[tuple[Any, ...], Finding] = {}
    for one in found:
        seen.setdefault(one.said, one)
    return list(seen.values())
