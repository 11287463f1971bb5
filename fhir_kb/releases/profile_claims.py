"""Profiles that a resource claims in `meta.profile`, and the conditions for it.

A condition looks at what a profile demands beyond the base type. It is careful: where a demand
cannot be seen to be met, the profile is not claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.model import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Condition = Callable[[Mapping[str, Any]], bool]


class ClaimedProfile(NamedTuple):
    """A profile on a resource type, and when a resource meets it."""

    resource_type: str
    """The type that it constrains."""

    url: str
    """Its canonical URL."""

    is_met: Condition
    """Whether a resource of the type meets what the profile demands."""


def claim_profiles(resource: Element, profiles: Iterable[ClaimedProfile]) -> None:
    """Add to a resource's meta the profiles that it meets; those that it claims already stay."""
    resource_type = resource.get("resourceType")
    met = [
        profile.url
        for profile in profiles
        if profile.resource_type == resource_type and profile.is_met(resource)
    ]
    if not met:
        return
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    claimed = list(dict.fromkeys((*meta.get("profile", ()), *met)))
    resource["meta"] = Element({**meta, "profile": claimed})


def has(*names: str) -> Condition:
    """All these elements are there."""

    def is_met(resource: Mapping[str, Any]) -> bool:
        return all(name in resource for name in names)

    return is_met


def both(*conditions: Condition) -> Condition:
    """All these conditions hold."""

    def is_met(resource: Mapping[str, Any]) -> bool:
        return all(condition(resource) for condition in conditions)

    return is_met


def at_most_one(name: str) -> Condition:
    """The list has no second value."""

    def is_met(resource: Mapping[str, Any]) -> bool:
        return len(resource.get(name, ())) <= 1

    return is_met


def equal(name: str, value: object) -> Condition:
    """The element is there with this value."""

    def is_met(resource: Mapping[str, Any]) -> bool:
        return bool(resource.get(name) == value)

    return is_met


def coded(name: str, system: str, code: str) -> Condition:
    """The concept has this coding."""

    def is_met(resource: Mapping[str, Any]) -> bool:
        return (system, code) in set(codings(resource.get(name)))

    return is_met


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """System and code of each coding of a CodeableConcept."""
    if isinstance(concept, dict):
        for coding in concept.get("coding", ()):
            yield str(coding.get("system")), str(coding.get("code"))


def extension_urls(element: Mapping[str, Any]) -> frozenset[str]:
    """The URLs of the extensions on an element."""
    return frozenset(str(extension.get("url")) for extension in element.get("extension", ()))


def is_sound_code_system(resource: Mapping[str, Any]) -> bool:
    """What the profiles for code systems that can be shared demand (scs-1, scs-2).

    A hierarchy says what it means, and a code system with content has concepts.
    """
    concepts = resource.get("concept", ())
    nested = any("concept" in concept for concept in concepts)
    has_content = resource.get("content") in ("example", "fragment", "complete")
    return (not nested or "hierarchyMeaning" in resource) and (not has_content or bool(concepts))
