"""A registry that speaks npm's protocol: which versions there are, and their files.

https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md. Registries of FHIR
packages leave some of it out: without `dist`, `url` leads to the file.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fhir_kb.net import NetError, OfflineError, joined, shown
from fhir_kb.packages.cache.archives import MAX_PACKED
from fhir_kb.packages.cache.manifest import is_name, is_version_name
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.json_files import UnreadableError, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fhir_kb.net import Client, Received

_NEWER_FIRST = ("sha512", "sha256")


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a package, as the registry lists it.

    url: where its file is. digests: algorithm -> what the registry says, in hexadecimal.
    """

    name: str
    version: str
    url: str
    digests: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)

    def check(self, received: Received) -> None:
        """Raises PackageError where the file is not the one that the registry means."""
        for algorithm, digest in self.digests.items():
            if getattr(received, algorithm) != digest:
                raise PackageError(
                    f"the file of package {self.name}#{self.version} from '{shown(self.url)}' is "
                    f"not the one that the registry means: its {algorithm} is another",
                    "Try again; if it stays so, tell whoever runs the registry",
                )


@dataclass(frozen=True, slots=True)
class Listing:
    """All versions of a package. latest: the one that the registry calls so, or ""."""

    releases: Mapping[str, Release]
    latest: str = ""


class Registry:
    """A registry at an address; each package is asked for once."""

    def __init__(self, url: str, client: Client) -> None:
        self._url = url.rstrip("/") + "/"
        self._client = client
        self._listings: dict[str, Listing] = {}

    def listing(self, name: str) -> Listing:
        """The versions of a package; none where the registry does not know it.

        Raises PackageError.
        """
        found = self._listings.get(name)
        if found is None:
            found = self._listings[name] = self._ask(name)
        return found

    def fetch(self, release: Release, target: Path) -> Received:
        """Write the release's file to `target`, checked. Raises PackageError or OSError."""
        try:
            received = self._client.download(release.url, target, most=MAX_PACKED)
        except NetError as error:
            raise PackageError(error.message, error.help) from error
        release.check(received)
        return received

    def _ask(self, name: str) -> Listing:
        url = joined(self._url, quote(name, safe=""))
        try:
            answer = self._client.get(url)
            return listing_of(name, parse_object(answer.content), url)
        except OfflineError:
            raise
        except NetError as error:
            if error.status == 404:
                return Listing({})
            raise PackageError(error.message, error.help) from error
        except UnreadableError as error:
            raise PackageError(
                f"what '{shown(url)}' says of the package cannot be used: {error}",
                "Check that the address is that of an npm registry",
            ) from error


def listing_of(name: str, stated: Mapping[str, Any], url: str) -> Listing:
    """The listing that a registry's answer states; versions that make no sense are left out."""
    versions = stated.get("versions")
    releases = {}
    for version, item in (versions if isinstance(versions, dict) else {}).items():
        if is_version_name(version) and isinstance(item, dict):
            releases[version] = _release(name, version, item, url)
    tags = stated.get("dist-tags")
    latest = tags.get("latest") if isinstance(tags, dict) else None
    return Listing(releases, latest if isinstance(latest, str) and latest in releases else "")


def _release(name: str, version: str, item: Mapping[str, Any], url: str) -> Release:
    dist = item.get("dist")
    dist = dist if isinstance(dist, dict) else {}
    place = dist.get("tarball") or item.get("url")
    if not isinstance(place, str) or not place:
        place = f"{url}/{quote(version, safe='')}"
    dependencies = item.get("dependencies")
    return Release(
        name,
        version,
        joined(url, place),
        _digests(dist),
        {
            key: value
            for key, value in (dependencies if isinstance(dependencies, dict) else {}).items()
            if is_name(key) and isinstance(value, str)
        },
    )


def _digests(dist: Mapping[str, Any]) -> dict[str, str]:
    """The digests that are stated; the strongest of `integrity`, which may have several."""
    found: dict[str, str] = {}
    integrity, shasum = dist.get("integrity"), dist.get("shasum")
    stated = dict(
        part.partition("?")[0].partition("-")[::2]
        for part in (integrity.split() if isinstance(integrity, str) else ())
    )
    for algorithm in _NEWER_FIRST:
        if algorithm in stated:
            try:
                found[algorithm] = base64.b64decode(stated[algorithm], validate=True).hex()
            except binascii.Error:
                found[algorithm] = "(unreadable)"  # equals nothing: the file will be refused
            break
    if isinstance(shasum, str) and shasum:
        found["sha1"] = shasum.lower()
    return found
