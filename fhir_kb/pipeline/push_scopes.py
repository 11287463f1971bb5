"""The scope of what is pushed: which knowledge base it is, or which bundle.

See docs/adr/0010-scopes.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings
from fhir_kb.servers.json_values import object_in, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.push import DesiredResource

_MANIFEST: Final = "asset-collection"
"""http://terminology.hl7.org/CodeSystem/library-type: a Library that lists what belongs to it."""
_MANIFEST_URL: Final = re.compile(r"^https?://.*/Library/[A-Za-z0-9.\-]{1,64}$")
_STANDARD_INPUT: Final = "stdin"
"""The scope of what is piped in."""
_URI_SYSTEM: Final = "urn:ietf:rfc:3986"


def scope_of_files(
    path: Path,
    resources: Sequence[DesiredResource],
    content: Mapping[str, Any],
    package_name: str,
) -> str:
    """The scope of a bundle, package, NDJSON or folder.

    The first that there is: the identifier of the Bundle; the manifest that its resources are
    listed by, as in everything that `build` makes; the name of the package; the name of the file.

    Args:
        path: The file or folder.
        resources: What is in it.
        content: The resource that it is, such as a Bundle; empty where it is several.
        package_name: The name of the package that it is; "" where it is none.
    """
    name = _identifier(content) or manifest_of(resources) or package_name
    return name or (path.resolve().name if path.exists() else _STANDARD_INPUT)


def manifest_of(resources: Iterable[DesiredResource]) -> str:
    """The canonical url of the manifest of these resources; "" where there is none, or several.

    A manifest is a Library of type asset-collection; one that another lists is a part of that.
    """
    parts: dict[str, set[str]] = {}
    for resource in resources:
        if resource.type == "Library" and resource.url:
            content = resource.body()
            if _MANIFEST in _codes(content.get("type")):
                parts[resource.url] = set(_components(content))
    listed = set().union(*(urls - {own} for own, urls in parts.items()))
    roots = [url for url in parts if url not in listed]
    return roots[0] if len(roots) == 1 else ""


def other_manifest(definitions: Path, scopes: Iterable[str]) -> tuple[str, str]:
    """The manifest among these scopes that is not of these definitions, and that which is.

    Both "" where there is none, or the definitions have no kb.yaml that can be read.
    """
    if not definitions.is_dir():
        return "", ""
    settings, _, _ = read_settings(find_definitions(definitions)[0])
    if settings is None:
        return "", ""
    own = f"{str(settings.canonical).rstrip('/')}/Library/{settings.id}"
    manifests = {scope for scope in scopes if _MANIFEST_URL.search(scope)}
    others = sorted(manifests - {own, f"{own}.0all"})  # see compile/knowledge_base_manifest.py
    return (others[0], own) if others and len(others) == len(manifests) else ("", "")


def _codes(concept: Any) -> Iterator[object]:
    return (coding.get("code") for coding in objects(object_in(concept).get("coding")))


def _components(library: Mapping[str, Any]) -> Iterator[str]:
    """The canonical urls of what a manifest is composed of, without their versions."""
    for artifact in objects(library.get("relatedArtifact")):
        if artifact.get("type") == "composed-of":
            yield str(artifact.get("resource") or "").partition("|")[0]


def _identifier(bundle: Mapping[str, Any]) -> str:
    """The identifier of a Bundle; "" where it has none. That of a document names one edition."""
    identifier = bundle.get("identifier")
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") == "document":
        return ""
    if not isinstance(identifier, dict):
        return ""
    system, value = identifier.get("system") or "", identifier.get("value") or ""
    if not isinstance(value, str) or not isinstance(system, str) or not value:
        return ""
    return value if system in ("", _URI_SYSTEM) else f"{system}|{value}"
