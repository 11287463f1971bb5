"""A real Keycloak for tests: fetched once, started with a realm that the test has made.

Keys and secrets are made anew for each start; nothing of them is kept.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from environ import CACHE
from hapi import _free_port

VERSION = "26.0.7"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
HOME = CACHE / "keycloak"
WAIT = float(os.environ.get("KEYCLOAK_WAIT", "300"))
REALM = "hospital"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass
class Keycloak:
    """A running server. base, secure: its addresses over http and https. asked: its log file."""

    base: str
    secure: str
    log: Path

    def realm(self, *, secure: bool = False) -> str:
        return f"{self.secure if secure else self.base}/realms/{REALM}"

    def token_endpoint(self, *, secure: bool = False) -> str:
        return f"{self.realm(secure=secure)}/protocol/openid-connect/token"


@dataclass
class Authority:
    """A certificate authority that lives as long as the test."""

    folder: Path
    key: Private = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: x509.Name = field(
        default_factory=lambda: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    )

    def __post_init__(self) -> None:
        own = self._builder(self.name, self.key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file = self.folder / "ca.pem"
        self.certificate = own.sign(self.key, hashes.SHA256())
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, common_name: str) -> tuple[Path, Path]:
        """Certificate and key of somebody, for localhost."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        built = (
            self._builder(name, key)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        )
        certificate = self.folder / f"{common_name}.pem"
        signed = built.sign(self.key, hashes.SHA256())
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return certificate, write_key(self.folder / f"{common_name}.key", key)

    def _builder(self, name: x509.Name, key: Private) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(days=1))
        )


def write_key(path: Path, key: Private) -> Path:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    return path


def jwk(key: Private, kid: str, *, private: bool = False) -> dict[str, Any]:
    """A key as RFC 7517 has it."""
    shown = key if private else key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        made = jwt.algorithms.RSAAlgorithm.to_jwk(shown, as_dict=True)  # type: ignore[arg-type]
    else:
        made = jwt.algorithms.ECAlgorithm.to_jwk(shown, as_dict=True)  # type: ignore[arg-type]
    made.pop("key_ops", None)
    algorithm = "RS384" if isinstance(key, rsa.RSAPrivateKey) else "ES384"
    return {**made, "kid": kid, "use": "sig", "alg": algorithm}


def client(client_id: str, lifespan: int = 300, **more: Any) -> dict[str, Any]:
    """A client of the realm that logs in by itself."""
    attributes = {"access.token.lifespan": str(lifespan), **more.pop("attributes", {})}
    return {
        "clientId": client_id,
        "enabled": True,
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "attributes": attributes,
        **more,
    }


def client_with_keys(
    client_id: str, *public: dict[str, Any], lifespan: int = 300
) -> dict[str, Any]:
    attributes = {
        "use.jwks.string": "true",
        "use.jwks.url": "false",
        "jwks.string": json.dumps({"keys": list(public)}),
        "token.endpoint.auth.signing.max.exp": "300",
    }
    return client(client_id, lifespan, clientAuthenticatorType="client-jwt", attributes=attributes)


@contextmanager
def keycloak(authority: Authority, clients: list[dict[str, Any]]) -> Iterator[Keycloak]:
    """A fresh server whose only realm of ours has these clients; about 20 s to start."""
    home = _installed()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data" / "import").mkdir(parents=True)
        realm = {"realm": REALM, "enabled": True, "sslRequired": "none", "clients": clients}
        (folder / "data" / "import" / "realm.json").write_text(json.dumps(realm))
        for one in ("bin", "lib", "providers", "conf", "themes"):
            shutil.copytree(home / one, folder / one)  # it writes into its own folders
        certificate, key = authority.issue("keycloak")
        port, secure = _free_port(), _free_port()
        server = Keycloak(f"http://127.0.0.1:{port}", f"https://localhost:{secure}", folder / "log")
        command = [
            "sh", str(folder / "bin" / "kc.sh"), "start-dev", "--import-realm", "--db=dev-mem",
            "--http-host=127.0.0.1", f"--http-port={port}", f"--https-port={secure}",
            f"--https-certificate-file={certificate}", f"--https-certificate-key-file={key}",
            "--https-client-auth=request", f"--truststore-paths={authority.file}",
            "--http-enabled=true",
        ]  # fmt: skip
        outside = {
            **os.environ,
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": secrets.token_hex(),
            "JAVA_OPTS_APPEND": "-Xmx768m",
        }
        with server.log.open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=outside, start_new_session=True
            )
            try:
                _await(server, process)
                yield server
            finally:
                _end(process)


def _installed() -> Path:
    """The unpacked distribution; skips where it cannot be had."""
    home = HOME / f"keycloak-{VERSION}"
    if not shutil.which("java"):
        pytest.skip("no Java, which Keycloak needs")
    if (home / "bin" / "kc.sh").is_file():
        return home
    if not shutil.which("mvn"):
        pytest.skip("no Maven, which fetches Keycloak")
    got = subprocess.run(
        ["mvn", "-q", "dependency:get", f"-Dartifact={ARTIFACT}", "-Dtransitive=false"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if got.returncode:
        pytest.skip(f"Keycloak cannot be fetched: {got.stdout[-300:]}")
    repository = Path.home() / ".m2" / "repository" / "org" / "keycloak" / "keycloak-quarkus-dist"
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as aside:
        with zipfile.ZipFile(repository / VERSION / f"keycloak-quarkus-dist-{VERSION}.zip") as all_:
            all_.extractall(aside)
        with suppress(OSError):  # another process was quicker
            Path(aside, home.name).rename(home)
    return home


def _await(server: Keycloak, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + WAIT
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < end and process.poll() is None:
            try:
                known = f"{server.realm()}/.well-known/openid-configuration"
                if session.get(known, timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.5)
    pytest.fail(f"Keycloak did not start: {server.log.read_text()[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """It has a group of processes of its own: the script and Java."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


@dataclass
class Resources:
    """A FHIR server, as far as logging in goes. statuses: what was answered, in order."""

    url: str
    statuses: list[int] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)


@contextmanager
def resources(server: Keycloak, tls: ssl.SSLContext | None = None) -> Iterator[Resources]:
    """Lets in whoever has a token that Keycloak has signed and that has not run out.

    Signatures are checked by Keycloak's own keys. Tokens in `revoked` are refused.
    """
    issuers = {server.realm(), server.realm(secure=True)}
    known = requests.get(f"{server.realm()}/protocol/openid-connect/certs", timeout=30).json()
    keys = {one["kid"]: jwt.PyJWK(one) for one in known["keys"] if one["use"] == "sig"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = self._answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_GET  # noqa: N815

        def _answer(self) -> tuple[int, bytes]:
            if self.path == "/fhir/.well-known/smart-configuration":
                return 200, json.dumps(smart_configuration(server)).encode()
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status = 200 if self._is_good(token) else 401
            made.statuses.append(status)
            return status, b'{"resourceType":"CapabilityStatement"}' if status == 200 else b"{}"

        def _is_good(self, token: str) -> bool:
            if token in made.revoked:
                return False
            try:
                key = keys[jwt.get_unverified_header(token)["kid"]]
                options: Any = {"verify_aud": False, "require": ["exp", "iss"]}
                said = jwt.decode(token, key, algorithms=["RS256"], options=options)
            except (jwt.PyJWTError, KeyError):
                return False
            made.clients.append(said["azp"])
            return said["iss"] in issuers

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    made = Resources(f"{scheme}://{host}:{http.server_address[1]}/fhir")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def smart_configuration(server: Keycloak) -> dict[str, Any]:
    """What a FHIR server says of the login server that it trusts."""
    return {
        "token_endpoint": server.token_endpoint(),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "capabilities": ["client-confidential-asymmetric"],
    }
