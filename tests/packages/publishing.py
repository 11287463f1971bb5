"""A small registry of FHIR packages: npm's protocol over HTTP, packages made by our publisher."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from making import resource
from serving import Asked, Reply, Web

from fhir_kb import publish
from fhir_kb.emit import emit


def published(name: str, version: str, *resources: dict[str, Any], **needs: str) -> bytes:
    """A package.tgz of R4. needs: package -> version, with _ for the dots of a name."""
    base, _, release = name.rpartition(".")
    info = publish.PackageInfo(
        name=base,
        version=version,
        canonical="http://example.org/fhir",
        title="A package",
        description="To test with",
        publisher="Somebody",
        dependencies={
            release: tuple(
                publish.Dependency(key.replace("_", "."), value) for key, value in needs.items()
            )
        },
    )
    emitted = [emit(one, lambda same: same) for one in resources]
    return publish.package(emitted, info, release, "4.0.1").to_bytes()


@dataclass
class Registry:
    """packages: (name, version) -> .tgz. Set `quirk` to change what is answered."""

    web: Web
    packages: dict[tuple[str, str], bytes] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self.web.answer = self.answer

    def publish(self, name: str, version: str, *resources: dict[str, Any], **needs: str) -> bytes:
        resources = resources or (resource("ValueSet", "colours", version, status="draft"),)
        content = published(name, version, *resources, **needs)
        self.packages[name, version] = content
        return content

    def paths(self) -> list[str]:
        return [asked.path for asked in self.web.asked]

    def answer(self, asked: Asked) -> Reply:
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(status=401)
        name, _, rest = unquote(asked.path).lstrip("/").partition("/-/")
        if rest:
            version = rest.removesuffix(".tgz").removeprefix(f"{name}-")
            return Reply(self.packages[name, version])
        versions = [version for known, version in self.packages if known == name]
        if not versions:
            return Reply(b'{"error":"not_found"}', status=404)
        return Reply(json.dumps(self.packument(name, versions)).encode())

    def packument(self, name: str, versions: list[str]) -> dict[str, Any]:
        return {
            "_id": name,
            "name": name,
            "dist-tags": {"latest": self.latest.get(name, versions[-1])},
            "versions": {version: self.version(name, version) for version in versions},
        }

    def version(self, name: str, version: str) -> dict[str, Any]:
        content = self.packages[name, version]
        about = json.loads(_member(content, "package/package.json"))
        integrity = base64.b64encode(hashlib.sha512(content).digest()).decode()
        return {
            **about,
            "dist": {
                "tarball": f"{self.web.url}/{name}/-/{name}-{version}.tgz",
                "shasum": hashlib.sha1(content).hexdigest(),
                "integrity": f"sha512-{integrity}",
            },
        }


def _member(content: bytes, name: str) -> bytes:
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        found = archive.extractfile(name)
        assert found is not None
        return found.read()
