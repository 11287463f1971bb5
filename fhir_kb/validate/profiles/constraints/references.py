"""What references may point to: http://hl7.org/fhir/elementdefinition.html (type)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.profiles.tree import ProfileNode

_REFERENCE_TYPES: Final = ("Reference", "CodeableReference")
_RESTFUL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?")


def reference_types(node: ProfileNode, type_name: str) -> list[Mapping[str, Any]]:
    """The entries of ElementDefinition.type for a type of references; none for other types."""
    if type_name not in _REFERENCE_TYPES:
        return []
    return [entry for entry in node.types if str(entry.get("code")) == type_name]


def target_profiles(types: list[Mapping[str, Any]]) -> list[str]:
    """The profiles of which the target has to conform to one; none: any target is allowed."""
    profiles: list[str] = []
    for entry in types:
        urls = entry.get("targetProfile")
        if not isinstance(urls, list) or not urls:
            return []
        profiles += [url for url in urls if isinstance(url, str)]
    return profiles


def reference_text(reference: Any) -> str | None:
    """Reference.reference, also of the Reference in a CodeableReference."""
    text = reference.get("reference") if isinstance(reference, dict) else reference
    return text if isinstance(text, str) else None


def target_types(definitions: Definitions, value: Mapping[str, Any], text: str) -> frozenset[str]:
    """The resource type of a reference's target with its ancestors; empty where it is unknown.

    Args:
        definitions: of the FHIR release.
        value: the Reference, whose `type` may name the type of the target.
        text: the reference, which names it if it is a RESTful URL.
    """
    match = _RESTFUL.fullmatch(text)
    if match:
        name = match[1]
    else:
        stated = value.get("type")
        name = stated.rpartition("/")[2] if isinstance(stated, str) else ""
    if name not in definitions.resource_types:
        return frozenset()
    return frozenset((name, *definitions.ancestors(name)))
