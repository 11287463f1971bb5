"""Makes packages: on disk, and as .tgz by our own publisher or by hand."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

BASE = "http://example.org/fhir"


def resource(type_name: str, name: str, version: str = "1.0.0", /, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": type_name,
        "id": name,
        "url": f"{BASE}/{type_name}/{name}",
        "version": version,
        **more,
    }


def manifest(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "fhirVersions": ["4.0.1"], **more}


def files_of(name: str, version: str, *resources: dict[str, Any], **more: Any) -> dict[str, bytes]:
    """What is in a package, by path."""
    files = {"package/package.json": json.dumps(manifest(name, version, **more)).encode()}
    for one in resources:
        files[f"package/{one['resourceType']}-{one['id']}.json"] = json.dumps(one).encode()
    return files


def tgz(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def install(packages: Path, name: str, version: str, *resources: Any, **more: Any) -> Path:
    """Put a package into a package cache; the folder `package` in it."""
    folder = packages / f"{name}#{version}"
    write(folder, files_of(name, version, *resources, **more))
    return folder / "package"


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
