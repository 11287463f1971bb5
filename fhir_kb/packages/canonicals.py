"""Finding conformance resources by their canonical URL, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Canonicals(Protocol):
    """Whatever finds StructureDefinitions, ValueSets, CodeSystems, … by canonical URL."""

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """The resource with that canonical ("url" or "url|version"), or None.

        A version also matches by its leading parts ("4.0" finds 4.0.1); without one the newest is
        meant. resource_type: only one of that type counts. The answer is shared: don't change it.
        """


class Loaded:
    """Conformance resources in memory; without a version asked for, the newest is found."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._by_url: dict[str, list[Mapping[str, Any]]] = {}
        for resource in resources:
            if isinstance(url := resource.get("url"), str):
                self._by_url.setdefault(url, []).append(resource)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find."""
        url, _, version = canonical.partition("|")
        fitting = [
            one
            for one in self._by_url.get(url, ())
            if (not resource_type or one.get("resourceType") == resource_type)
            and (not version or is_version(str(one.get("version", "")), version))
        ]
        return max(fitting, key=lambda one: version_key(str(one.get("version", ""))), default=None)


class Chain:
    """Several finders, asked in turn."""

    def __init__(self, *finders: Canonicals) -> None:
        self._finders = finders

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find; the first finder that knows the canonical answers."""
        for finder in self._finders:
            if (found := finder.find(canonical, resource_type)) is not None:
                return found
        return None


def is_version(version: str, asked: str) -> bool:
    """Whether a version is the one that is asked for, in full or by its leading parts."""
    return version == asked or version.startswith((asked + ".", asked + "-"))


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """A key that puts versions in order: 10 after 9, a pre-release before its release."""
    release, dash, label = version.partition("-")
    parts = [(int(one), "") if one.isdecimal() else (-1, one) for one in release.split(".")]
    return (*parts, (-2, label) if dash else (-1, ""))
