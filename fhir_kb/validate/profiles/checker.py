"""Checking resources against the profiles that they claim, and those that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import Element
from fhir_kb.fhirpath.types.schema import schema_of
from fhir_kb.validate.profiles.codes import Codes, ValueSets
from fhir_kb.validate.profiles.conform import WALK, walk_profile
from fhir_kb.validate.profiles.extensions import check_extensions
from fhir_kb.validate.profiles.fast_path.profiles import Certain
from fhir_kb.validate.profiles.known import KnownProfiles
from fhir_kb.validate.profiles.run import Run
from fhir_kb.validate.profiles.tree import BrokenProfileError
from fhir_kb.validate.profiles.vital_signs import implied_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fhir_kb.fhirpath import Services
    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding

_MOST_PROFILES: Final = 100
#: In these, references may lead to resources that are at hand.
_HOLDERS: Final = frozenset({"Bundle", "Parameters"})


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
        self._alone = Certain(self._known, is_bundled=False)
        self._bundled = Certain(self._known, is_bundled=True)

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
        kind = self._schema.of_value(resource)
        if not kind.is_resource or kind.is_open:
            return []
        certain = self._bundled if kind.name in _HOLDERS else self._alone
        open_asked = self._open(certain, resource, dict.fromkeys(asked))
        open_claims = {id(one): self._open(certain, one, self._claimed(one)) for one in claiming}
        if not (open_asked or any(open_claims.values()) or everywhere or extensions):
            return []
        root = Element(resource, kind)
        run = Run(self._known, root, WALK, certain)
        found: list[Finding] = []
        for url in open_asked:
            found += walk_profile(run, root, url)
        if extensions:
            found += check_extensions(run, extensions)
        for element in _resources(root) if claiming or everywhere else ():
            urls = [*open_claims.get(id(element.value), ())]
            stated = (everywhere or {}).get(element.type.name, ())
            urls += self._open(certain, element.value, self._not_types(stated))
            for url in dict.fromkeys(urls):
                if element is not root or url not in asked:
                    found += walk_profile(run, element, url)
        return _each_once(found)

    def extension(self, url: str, *, modifier: bool) -> Callable[[Any], bool]:
        """What tells whether an extension (its JSON) surely conforms to its definition.

        modifier: whether it stands in `modifierExtension`. Where it may stand is not looked at.
        """
        try:
            tree = self._known.tree(url)
        except BrokenProfileError:
            tree = None
        if tree is None or (tree.root.definition.get("isModifier") is True) != modifier:
            return lambda _extension: False
        conforms = self._bundled.conforms
        return lambda extension: conforms(extension, "Extension", url)

    def services(self) -> Services:
        """For FHIRPath by itself: what it asks of codes and of profiles."""
        nothing = Element({}, self._schema.type("Basic"))
        return Run(self._known, nothing, WALK, self._alone).services

    def _claimed(self, resource: Mapping[str, Any]) -> list[str]:
        """What it claims and what its content implies; types are checked anyway."""
        urls, implied = claimed(resource), implied_profile(resource)
        if implied is not None and implied not in urls:
            urls.append(implied)
        return self._not_types(urls)

    def _not_types(self, urls: Iterable[str]) -> list[str]:
        return [url for url in urls if not self._known.is_core_type(url)]

    def _open(
        self, certain: Certain, resource: Mapping[str, Any], urls: Iterable[str]
    ) -> list[str]:
        """Those of the profiles that the resource does not surely conform to."""
        name = str(resource.get("resourceType"))
        return [url for url in urls if not certain.conforms(resource, name, url)]


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
        seen.setdefault(one.key, one)
    return list(seen.values())
