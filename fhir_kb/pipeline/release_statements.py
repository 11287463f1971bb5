"""Which FHIR release a file, its package or its folder names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.files import read_regular
from fhir_kb.model.fhir_release import (
    BY_NAME,
    BY_VERSION,
    CORE_PACKAGE,
    FHIR_RELEASES,
    FhirRelease,
    release_of_version,
    release_spelled,
)
from fhir_kb.publish.output_manifest import MANIFEST as OUTPUT_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fhir_kb.packages.cache.store import Package

MANIFEST: Final = "package.json"
_LEVELS: Final = 3
"""How many folders, from a file's own outwards, may have its package.json."""
MAX_MANIFEST: Final = 1024 * 1024
_MAX_GIVEN: Final = 20
"""How many definitions of a folder are read for the release that they name."""
_STATING: Final = ("StructureDefinition", "ImplementationGuide", "CapabilityStatement")
"""The resource types with an element `fhirVersion`."""
_URL_STEP: Final = re.compile(r"/(?:base|fhir-?)?(r4b|r4|r5)(?=/|$)", re.IGNORECASE)
"""The release in a server's base: https://fhir.example.org/baseR4/Patient/1."""
_VERSION: Final = re.compile(r"[\w.+\-]{1,40}")
_CORE_PROFILE: Final = re.compile(
    rb"http://hl7\.org/fhir/StructureDefinition/[\w.\-]+\|([0-9]+\.[0-9]+\.[0-9]+)(?![\w.])"
)
"""A profile of FHIR itself with its version, in meta.profile."""
_XML_META_END: Final = re.compile(rb"</(?:[\w.\-]+:)?meta\s*>")
_XML_ROOT: Final = re.compile(rb"<(?:[\w.\-]+:)?([A-Z]\w+)[\s>]")
_XML_VERSION: Final = re.compile(rb"<(?:[\w.\-]+:)?fhirVersion\s+value\s*=\s*[\"']([^\"']+)[\"']")
_XML_URL: Final = re.compile(
    rb"<(?:[\w.\-]+:)?(?:fullUrl|url)\s+value\s*=\s*[\"'](http[^\"']+)[\"']"
)


class StatedRelease(NamedTuple):
    """A release, and where it is named."""

    release: FhirRelease | None
    """None: it is none of those that are supported."""
    source: str
    """For people: "from package.json", "package.json names 3.0.2, which is not supported"."""


def package_release(manifest: bytes) -> StatedRelease | None:
    """What a package.json says; None where it names no release, or several that differ."""
    content = _object(manifest) if len(manifest) <= MAX_MANIFEST else {}
    versions = content.get("fhirVersions") or content.get("fhir-version-list")
    return _stated(versions or _core_versions(content.get("dependencies")), MANIFEST)


def _core_versions(dependencies: object) -> list[str]:
    """The FHIR versions of the core packages that a package depends on."""
    listed = dependencies if isinstance(dependencies, Mapping) else {}
    return [
        release.version
        for release in FHIR_RELEASES
        if release.core_package in listed or listed.get(CORE_PACKAGE) == release.version
    ]


def folder_release(folder: Path) -> StatedRelease | None:
    """What the package.json in a folder, or in one of those around it, says.

    In the output of a build, the release whose folder it is, as in output/r4.
    """
    whole = folder.absolute()
    release = BY_NAME.get(whole.name)
    # Path.is_file raises where the folder is not ours to read.
    if release and os.path.isfile(whole.parent / OUTPUT_MANIFEST):  # noqa: PTH113
        return StatedRelease(release, f"from {whole.name}/")
    for candidate in (folder, *whole.parents[: _LEVELS - 1]):
        manifest = candidate / MANIFEST
        try:
            if not manifest.is_file() or manifest.stat().st_size > MAX_MANIFEST:
                continue
            stated = package_release(manifest.read_bytes())
        except OSError:  # not ours to read: it names nothing
            continue
        if stated is not None:
            return stated
    return None


def given_release(packages: Iterable[Package], files: Iterable[Path]) -> StatedRelease | None:
    """The release of the packages and definitions that resources are checked against.

    None where they name none; without a release where they do not all name the same.

    Args:
        packages: Packages, and files and folders with definitions.
        files: XML files with definitions.

    Raises:
        PackageError: A definition cannot be read.
    """
    stated = [_release_of_given(package) for package in packages]
    stated += [content_release(read_regular(path)) for path in files]
    known = {one.release.label: one for one in stated if one is not None and one.release}
    if len(known) > 1:
        labels = " and ".join(sorted(known))
        return StatedRelease(None, f"default; what it is checked against is for {labels}")
    return next(iter(known.values()), None) or next((one for one in stated if one), None)


def _release_of_given(package: Package) -> StatedRelease | None:
    if package.name:
        versions = list(package.fhir_versions) or _core_versions(package.dependencies)
        return _stated(versions, package.label)
    if package.folder.is_dir() and (stated := folder_release(package.folder)) is not None:
        return stated
    stating = (entry for entry in package.entries() if entry.resource_type in _STATING)
    for entry in islice(stating, _MAX_GIVEN):
        resource = package.read(entry)
        if (stated := _stated(resource.get("fhirVersion"), package.label)) is not None:
            return stated
    return None


def content_release(data: bytes) -> StatedRelease | None:
    """What a resource or bundle says, as JSON or XML; of NDJSON, the first one.

    None where it names no release.
    """
    if b"fhirVersion" not in data and b"Bundle" not in data and _CORE_PROFILE.search(data) is None:
        return None
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return _xml_release(data)
    return _resource_release(_object(data) or _object(data.lstrip().partition(b"\n")[0]))


def _xml_release(data: bytes) -> StatedRelease | None:
    root = _XML_ROOT.search(data[:65536])
    resource_type = root[1].decode() if root else ""
    stated = None
    if resource_type in _STATING:
        versions = [version.decode("utf-8", "replace") for version in _XML_VERSION.findall(data)]
        stated = _stated(versions, f"{resource_type}.fhirVersion")
    elif resource_type == "Bundle":
        urls = (url.decode("utf-8", "replace") for url in _XML_URL.findall(data))
        stated = _base_release(urls)
    meta_end = _XML_META_END.search(data)
    return stated or _profile_release(data[: meta_end.start()] if meta_end else b"")


def _resource_release(resource: dict[str, Any]) -> StatedRelease | None:
    resource_type = resource.get("resourceType")
    if resource_type in _STATING:
        stated = _stated(resource.get("fhirVersion"), f"{resource_type}.fhirVersion")
        return stated or _profile_release(_profiles(resource))
    if resource_type != "Bundle":
        return _profile_release(_profiles(resource))
    entries = list(_objects(resource.get("entry")))
    contents = [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]
    statements = [
        statement
        for content in contents
        if content.get("resourceType") in _STATING
        and (statement := _resource_release(content)) is not None
    ]
    if len({statement.release for statement in statements}) == 1:
        return statements[0]
    links = _objects(resource.get("link"))
    urls = [link.get("url") for link in links] + [entry.get("fullUrl") for entry in entries]
    stated = _base_release(url for url in urls if isinstance(url, str))
    return stated or _profile_release(b" ".join(map(_profiles, [resource, *contents])))


def _profiles(resource: dict[str, Any]) -> bytes:
    """The profiles that a resource claims, with spaces between."""
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    listed = profiles if isinstance(profiles, list) else []
    return " ".join(item for item in listed if isinstance(item, str)).encode("utf-8", "replace")


def _profile_release(profiles: bytes) -> StatedRelease | None:
    """The release of FHIR's own profiles in a text, where they agree on one."""
    versions = {version.decode() for version in _CORE_PROFILE.findall(profiles)}
    exact = sorted(version for version in versions if version in BY_VERSION)
    return _stated(exact, "meta.profile") if len(exact) == 1 else None


def _base_release(urls: Iterable[str]) -> StatedRelease | None:
    """The release in the base of a bundle's urls, where they agree on one."""
    names = {match[1].lower() for url in urls if (match := _URL_STEP.search(url))}
    return _stated(sorted(names), "the bundle's base") if len(names) == 1 else None


def _stated(versions: object, source: str) -> StatedRelease | None:
    """The one release among versions ("4.0.1"); None where there is none or more than one."""
    listed = versions if isinstance(versions, list) else [versions]
    written = [item for item in listed if isinstance(item, str) and _VERSION.fullmatch(item)]
    found = (release_of_version(version) or release_spelled(version) for version in written)
    releases = {release.name: release for release in found if release is not None}
    if len(releases) == 1:
        return StatedRelease(next(iter(releases.values())), f"from {source}")
    if written and not releases:
        return StatedRelease(None, f"{source} names {written[0]}, which is not supported")
    return None


def _object(data: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:  # what is wrong with it is for the validator to say
        return {}
    return content if isinstance(content, dict) else {}


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
