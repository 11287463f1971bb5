"""An npm client takes the package, and gets what it depends on from a registry."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sample import BASE, FHIR_VERSIONS, sample

from fhir_kb import publish
from fhir_kb.emit import element_order, emit
from fhir_kb.publish.archive import gzip_stored, tar

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here"),
]

INFO = publish.PackageInfo(
    name="org.example.kb",
    version="1.0.0",
    canonical=BASE,
    title="Example",
    description="An example",
    publisher="Example hospital",
    license="CC-BY-4.0",
)


def package(release: str = "r4") -> bytes:
    version = FHIR_VERSIONS[release]
    resources = [emit(one, element_order(version)) for one in sample(release)]
    return publish.package(resources, INFO, release, version).to_bytes()


def npm(folder: Path, *arguments: str) -> str:
    quiet = ("--cache", str(folder / "cache"), "--no-audit", "--no-fund", "--ignore-scripts")
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    done = subprocess.run(
        ["npm", *arguments, *quiet],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pack_reads_it(tmp_path: Path) -> None:
    (tmp_path / "package.tgz").write_bytes(package())
    (told,) = json.loads(npm(tmp_path, "pack", "--dry-run", "--json", "./package.tgz"))
    assert (told["name"], told["version"]) == ("org.example.kb.r4", "1.0.0")


def test_install_unpacks_it_with_its_core_package(tmp_path: Path) -> None:
    (tmp_path / "package.tgz").write_bytes(package())
    (tmp_path / "package.json").write_text('{"name": "x", "version": "1.0.0", "private": true}')
    with registry("hl7.fhir.r4.core", "4.0.1") as address:
        npm(tmp_path, "install", "--registry", address, "./package.tgz")
    installed = tmp_path / "node_modules" / "org.example.kb.r4"
    plan = json.loads((installed / "PlanDefinition-topic.json").read_bytes())
    assert plan["url"] == f"{BASE}/PlanDefinition/topic"
    assert (tmp_path / "node_modules/hl7.fhir.r4.core/package.json").is_file()


@contextmanager
def registry(name: str, version: str) -> Iterator[str]:
    """A registry with one package, as small as can be."""
    about = {"name": name, "version": version}
    tarball = b"".join(gzip_stored(tar([("package/package.json", json.dumps(about).encode())])))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = tarball if self.path.endswith(".tgz") else self.metadata()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def metadata(self) -> bytes:
            host = f"http://{self.headers['Host']}"
            digest = b64encode(hashlib.sha512(tarball).digest()).decode()
            dist = {"tarball": f"{host}/{name}.tgz", "integrity": f"sha512-{digest}"}
            versions = {version: {**about, "dist": dist}}
            latest = {"latest": version}
            return json.dumps({"name": name, "dist-tags": latest, "versions": versions}).encode()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
