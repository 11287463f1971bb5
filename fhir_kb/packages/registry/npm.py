"""A registry that speaks npm's protocol: the versions of a package, and their files.

https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md. Registries of FHIR
packages leave some of it out: without `dist`, `url` is the address of the file.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fhir_kb.net import NetError, OfflineError, join_url, redacted_url
from fhir_kb.packages.cache.archives import MAX_PACKED
from fhir_kb.packages.cache.manifest import is_dependency_name, is_version_name
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.json_files import UnreadableError, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fhir_kb.net import Client, DownloadedFile

_STRONGEST_FIRST = ("sha512", "sha256")


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version of a package, as the registry lists it."""

    name: str
    version: str
    url: str
    """The address of its file."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Algorithm -> digest of the file in hexadecimal."""
    dependencies: Mapping[str, str] = field(default_factory=dict)
    """Name -> version or range."""

    @property
    def label(self) -> str:
        """The package as people write it: "name#version"."""
        return f"{self.name}#{self.version}"

    def check(self, received: DownloadedFile) -> None:
        """Raises PackageError where the file does not have the digests of the registry."""
        for algorithm, digest in self.digests.items():
            if getattr(received, algorithm) != digest:
                raise PackageError(
                    f"the file of package {self.label} from '{redacted_url(self.url)}' is damaged "
                    f"or replaced: its {algorithm} is not the one that the registry lists",
                    "Try again; if that does not help, tell the operator of the registry",
                )


@dataclass(frozen=True, slots=True)
class PackageListing:
    """All versions of a package."""

    versions: Mapping[str, PublishedVersion]
    latest: str = ""
    """The version that the registry tags as latest, or ""."""


class Registry:
    """A registry at an address; each listing is requested once."""

    def __init__(self, url: str, client: Client) -> None:
        self._url = url.rstrip("/") + "/"
        self._client = client
        self._listings: dict[str, PackageListing] = {}

    def listing(self, name: str) -> PackageListing:
        """The versions of a package; none where the registry has no such package.

        Raises PackageError.
        """
        listing = self._listings.get(name)
        if listing is None:
            listing = self._listings[name] = self._request_listing(name)
        return listing

    def download(self, version: PublishedVersion, target: Path) -> DownloadedFile:
        """Write a version's file to `target`, checked. Raises PackageError or OSError."""
        try:
            # elsewhere than at the registry only what the registry's digest vouches for
            received = self._client.download(
                version.url, target, max_size=MAX_PACKED, may_leave=bool(version.digests)
            )
        except NetError as error:
            raise PackageError(error.message, error.help) from error
        version.check(received)
        return received

    def _request_listing(self, name: str) -> PackageListing:
        url = join_url(self._url, quote(name, safe=""))
        try:
            response = self._client.get(url)
            return parse_listing(name, parse_object(response.content), url)
        except OfflineError:
            raise
        except NetError as error:
            if error.status == 404:
                return PackageListing({})
            raise PackageError(error.message, error.help) from error
        except UnreadableError as error:
            raise PackageError(
                f"the response of GET '{redacted_url(url)}' is not a list of package "
                f"versions: {error}",
                "Check that FHIR_KB_REGISTRY or kb.yaml (registry) names an npm registry",
            ) from error


def parse_listing(name: str, content: Mapping[str, Any], url: str) -> PackageListing:
    """The listing in a registry's response; versions that are malformed are left out."""
    listed = content.get("versions")
    versions = {}
    for version, item in (listed if isinstance(listed, dict) else {}).items():
        if is_version_name(version) and isinstance(item, dict):
            versions[version] = _published_version(name, version, item, url)
    tags = content.get("dist-tags")
    latest = tags.get("latest") if isinstance(tags, dict) else None
    return PackageListing(
        versions, latest if isinstance(latest, str) and latest in versions else ""
    )


def _published_version(
    name: str, version: str, item: Mapping[str, Any], url: str
) -> PublishedVersion:
    dist = item.get("dist")
    dist = dist if isinstance(dist, dict) else {}
    address = dist.get("tarball") or item.get("url")
    if not isinstance(address, str) or not address:
        address = f"{url}/{quote(version, safe='')}"
    dependencies = item.get("dependencies")
    return PublishedVersion(
        name,
        version,
        join_url(url, address),
        _digests(dist),
        {
            key: value
            for key, value in (dependencies if isinstance(dependencies, dict) else {}).items()
            if is_dependency_name(key) and isinstance(value, str)
        },
    )


def _digests(dist: Mapping[str, Any]) -> dict[str, str]:
    """The digests of a file; of `integrity`, which may have several, the strongest."""
    digests: dict[str, str] = {}
    integrity, shasum = dist.get("integrity"), dist.get("shasum")
    listed = dict(
        part.partition("?")[0].partition("-")[::2]
        for part in (integrity.split() if isinstance(integrity, str) else ())
    )
    for algorithm in _STRONGEST_FIRST:
        if algorithm in listed:
            try:
                digests[algorithm] = base64.b64decode(listed[algorithm], validate=True).hex()
            except ValueError:  # also of what is not ASCII
                digests[algorithm] = "(unreadable)"  # equals nothing: the file will be refused
            break
    if isinstance(shasum, str) and shasum:
        digests["sha1"] = shasum.lower()
    return digests
