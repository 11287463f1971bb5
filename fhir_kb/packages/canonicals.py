"""Look-up of conformance resources by canonical URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Canonicals(Protocol):
    """Finds StructureDefinitions, ValueSets, CodeSystems, … by canonical URL."""

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """The resource with a canonical, or None. It is shared: don't change it.

        Args:
            canonical: "url" or "url|version". A version also matches by its leading parts ("4.0"
                finds 4.0.1); without one the newest is found.
            resource_type: The type that the resource must have; "" for any.
        """


class InMemoryCanonicals:
    """Conformance resources in memory."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._by_url: dict[str, list[Mapping[str, Any]]] = {}
        for resource in resources:
            if isinstance(url := resource.get("url"), str):
                self._by_url.setdefault(url, []).append(resource)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find."""
        url, _, version = canonical.partition("|")
        candidates = [
            resource
            for resource in self._by_url.get(url, ())
            if (not resource_type or resource.get("resourceType") == resource_type)
            and (not version or is_version(str(resource.get("version", "")), version))
        ]
        return max(candidates, key=_version_key, default=None)


class CanonicalChain:
    """Several look-ups, tried in turn."""

    def __init__(self, *canonicals: Canonicals) -> None:
        self._canonicals = canonicals

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find; the first that has the resource counts."""
        for canonicals in self._canonicals:
            if (resource := canonicals.find(canonical, resource_type)) is not None:
                return resource
        return None


def _version_key(resource: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    return version_key(str(resource.get("version", "")))


def is_version(version: str, requested: str) -> bool:
    """Whether a version is the requested one, in full or by its leading parts."""
    return version == requested or version.startswith((requested + ".", requested + "-"))


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts versions: 10 after 9, a pre-release before its release."""
    release, dash, label = version.partition("-")
    parts = [(int(part), "") if part.isdecimal() else (-1, part) for part in release.split(".")]
    return (*parts, (-2, label) if dash else (-1, ""))
