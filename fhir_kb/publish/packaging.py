"""A FHIR package of one release: what npm clients and FHIR servers install.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification and
https://hl7.org/fhir/packages.html: package.json, .index.json (version 2) and the resources, among
them an ImplementationGuide that names them all.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_kb.emit import canonical_json, compact_json
from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.publish.archive import gzip_stored, tar
from fhir_kb.publish.file_content import FileContent, lazy_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.emit import EmittedResource

PACKAGE_NAME = re.compile(r"[a-z][a-z0-9\-]*(\.[a-z][a-z0-9\-]*)+")
"""Two or more words with dots between, as the FHIR package specification asks."""

MAX_PACKAGE_NAME = 59
"""With the release behind it, the name is also the id of the ImplementationGuide: 64 at most."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another package."""

    name: str
    version: str
    url: str = ""
    """The canonical url of its ImplementationGuide; without one it is in package.json only."""


@dataclass(frozen=True, slots=True)
class PackageInfo:
    """What a package says of itself; the same for all releases but for the dependencies."""

    name: str
    """Matches PACKAGE_NAME. Each release adds its own name to it ("org.example.kb.r4"), because
    one name and version stands for one content in every registry and cache."""
    version: str
    """A semantic version ("1.3.0")."""
    canonical: str
    """The base of the artifacts' urls."""
    title: str
    description: str
    publisher: str
    license: str = ""
    """An SPDX code, or "not-open-source"."""
    status: str = "draft"
    """draft, active or retired."""
    experimental: bool = False
    date: str = ""
    """A FHIR date or dateTime."""
    copyright: str = ""
    url: str = ""
    dependencies: Mapping[str, tuple[Dependency, ...]] = field(default_factory=dict)
    """By release ("r4"), beside the release's core package, which is always there."""

    def of(self, release: str) -> tuple[str, tuple[Dependency, ...]]:
        """The package's name in a release, and what it depends on there beside the core."""
        return f"{self.name}.{release}", self.dependencies.get(release, ())


def package(
    resources: Sequence[EmittedResource], info: PackageInfo, release: str, fhir_version: str
) -> FileContent:
    """package.tgz, byte for byte the same for the same resources and info."""
    about = canonical_json(_package_json(info, release, fhir_version))
    guide = implementation_guide(resources, info, release, fhir_version)
    members = [
        (resource.file_name, resource.index_entry, resource.line_bytes) for resource in resources
    ]
    members.append(_guide_file(guide))
    members.sort()

    def files() -> Iterator[tuple[str, bytes]]:
        entries = b",\n".join(entry for _, entry, _ in members)
        yield "package/package.json", about
        yield "package/.index.json", b'{"index-version":2,"files":[\n%s\n]}\n' % entries
        for name, _, content in members:
            yield f"package/{name}", content

    digests = sorted(f"{resource.name} {resource.digest}" for resource in resources)
    return lazy_content(
        lambda: gzip_stored(tar(files())),
        "package", about.decode(), compact_json(guide).decode(), *digests,
    )  # fmt: skip


def _guide_file(guide: Mapping[str, Any]) -> tuple[str, bytes, bytes]:
    name = f"ImplementationGuide-{guide['id']}.json"
    entry = {"filename": name, "resourceType": "ImplementationGuide"}
    entry.update((key, guide[key]) for key in ("id", "url", "version"))
    return name, compact_json(entry), compact_json(guide)


def _package_json(info: PackageInfo, release: str, fhir_version: str) -> dict[str, Any]:
    name, dependencies = info.of(release)
    needed = {BY_NAME[release].core_package: fhir_version}
    needed.update((dependency.name, dependency.version) for dependency in dependencies)
    about = {
        "name": name,
        "version": info.version,
        "type": "IG",
        "license": info.license,
        "canonical": info.canonical,
        "url": info.url or info.canonical,
        "title": info.title,
        "description": info.description,
        "fhirVersions": [fhir_version],
        "dependencies": dict(sorted(needed.items())),
        "author": info.publisher,
        "directories": {"lib": "package"},
    }
    return {key: value for key, value in about.items() if value}


def implementation_guide(
    resources: Sequence[EmittedResource], info: PackageInfo, release: str, fhir_version: str
) -> dict[str, Any]:
    """The guide that lists the package's content: elements that R4, R4B and R5 have alike."""
    package_id, dependencies = info.of(release)
    title = html.escape(info.title)
    guide = {
        "resourceType": "ImplementationGuide",
        "id": package_id,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{title}</p></div>',
        },
        "url": f"{info.canonical.rstrip('/')}/ImplementationGuide/{package_id}",
        "version": info.version,
        "name": _machine_name(package_id),
        "title": info.title,
        "status": info.status,
        "experimental": info.experimental or None,
        "date": info.date,
        "publisher": info.publisher,
        "description": info.description,
        "copyright": info.copyright,
        "packageId": package_id,
        "license": info.license,
        "fhirVersion": [fhir_version],
        "dependsOn": [
            {
                "uri": dependency.url,
                "packageId": dependency.name,
                "version": dependency.version,
            }
            for dependency in dependencies
            if dependency.url
        ],
        "definition": _listing(resources),
    }
    return {key: value for key, value in guide.items() if value}


def _listing(resources: Sequence[EmittedResource]) -> dict[str, Any] | None:
    listed = [
        {"reference": {"reference": resource.name}, "name": resource.title or resource.name}
        for resource in sorted(resources, key=lambda resource: resource.file_name)
    ]
    return {"resource": listed} if listed else None


def _machine_name(package_id: str) -> str:
    """A name for code, as the invariant ig-0 (cnl-0) asks: a capital, letters and digits."""
    return "".join(word.capitalize() for word in re.split(r"[.\-]", package_id))
