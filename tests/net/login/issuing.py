"""A login server of this machine, keys, and a clock that the test moves."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from serving import Asked, Reply, Web

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP384R1())


class Clock:
    """Seconds, as the test says. waits: what was slept; that moves it too."""

    def __init__(self, seconds: float = 1_000_000.0) -> None:
        self.seconds = seconds
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class Issuer:
    """Gives the tokens "token-1", "token-2", … more: fields of the answers."""

    def __init__(self, web: Web, **more: Any) -> None:
        self.web = web
        self.more: dict[str, Any] = {"token_type": "Bearer", "expires_in": 300, **more}
        self.url = f"{web.url}/token"
        self.given = 0
        self._lock = threading.Lock()
        web.answer = self.answer

    def answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.given += 1
            token = {"access_token": f"token-{self.given}"}
        return Reply(json.dumps({**token, **self.more}).encode())

    def forms(self) -> list[dict[str, str]]:
        """What was asked for, as forms."""
        return [form(asked) for asked in self.web.asked]


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def private_file(path: Path, content: bytes | str) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    return str(path)


def pem(key: Private, passphrase: str = "") -> bytes:
    protection: Any = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    )


def jwk(key: Private, kid: str, **more: Any) -> dict[str, Any]:
    """A private key as RFC 7517 has it."""
    if isinstance(key, rsa.RSAPrivateKey):
        made: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True)
    else:
        made = jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
    made.pop("key_ops", None)
    return {**made, "kid": kid, **more}


def certificate(folder: Path, name: str, days: int = 1) -> tuple[str, str]:
    """A certificate for localhost that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=2 + days))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = private_file(folder / f"{name}.pem", made.public_bytes(serialization.Encoding.PEM))
    return public, private_file(folder / f"{name}.key", pem(key))
