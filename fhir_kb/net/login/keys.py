"""Our private keys for SMART Backend Services: from a JWKS, a PEM file or a folder of these.

https://build.fhir.org/ig/HL7/smart-app-launch/client-confidential-asymmetric.html asks for RS384
or ES384. Keys are read anew for every token: a new one is used without a restart.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.net.errors import NetError
from fhir_kb.net.login.secret_sources import read_private_file

if TYPE_CHECKING:
    from fhir_kb.net.login.secret_sources import Secret

MAX_KEYS: Final = 2**20
_MIN_BITS: Final = 2048
_CURVE: Final = "secp384r1"
_REQUIREMENT: Final = "RS384 needs an RSA key of at least 2048 bits, ES384 one on the curve P-384"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that signs statements."""

    kid: str
    """Its name at the server."""
    algorithm: str
    """ "RS384" or "ES384"."""
    private: Any = field(repr=False)


def signing_keys(
    path: str, now: float, *, kid: str = "", passphrase: Secret | None = None
) -> list[SigningKey]:
    """The keys at `path` that can be used at `now` (seconds since 1970), the newest first.

    A JWKS says by `iat` or `nbf` which is newest, or else by its order, the newest first; `nbf` and
    `exp` bound their use. Of PEM files the one whose name sorts last is the newest ("2026-11.pem"
    after "2026-05.pem", "key-10" after "key-9"), and the name is the kid. Raises NetError.
    """
    _check_installed()
    source = Path(path)
    secret = passphrase.read().encode() if passphrase is not None else None
    if source.is_dir():
        candidates = [
            file for file in source.iterdir() if file.suffix in {".pem", ".key"} and file.is_file()
        ]
        files = sorted(candidates, key=lambda file: _natural_order(file.name), reverse=True)
        keys = [_from_pem(str(file), file.stem, secret) for file in files]
    elif (content := read_private_file(path, MAX_KEYS)).lstrip()[:1] == b"{":
        keys = _from_jwks(content, path, now)
    else:
        keys = [_from_pem(path, kid or source.stem, secret)]
    if not keys:
        raise NetError(f"there is no key in '{path}' that can be used now", _REQUIREMENT)
    return keys


def _check_installed() -> None:
    try:
        import jwt.algorithms

        is_installed = jwt.algorithms.has_crypto
    except ImportError:
        is_installed = False
    if not is_installed:
        raise NetError(
            "SMART Backend Services need the packages PyJWT and cryptography: they are "
            "not installed",
            "Install them: pip install 'fhir-kb[login]'",
        )


def _natural_order(name: str) -> list[tuple[int, str]]:
    return [
        (int(part[:18]), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d+)", name)
    ]


def _from_pem(path: str, kid: str, passphrase: bytes | None) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_private_file(path, MAX_KEYS)
    if b"ENCRYPTED" not in content:
        passphrase = None
    elif passphrase is None:
        raise NetError(f"the key '{path}' has a passphrase", "Name its source (passphrase)")
    private: Any = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        private = load_pem_private_key(content, passphrase)
    if private is None:
        raise NetError(
            f"'{path}' is not a private key in PEM, or the passphrase is wrong",
            "Correct the file or the passphrase",
        )
    algorithm = _algorithm(private)
    if not algorithm:
        raise NetError(f"the key '{path}' cannot be used", _REQUIREMENT)
    return SigningKey(kid, algorithm, private)


def _from_jwks(content: bytes, path: str, now: float) -> list[SigningKey]:
    document: Any = None
    with suppress(orjson.JSONDecodeError):
        document = orjson.loads(content)
    entries = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise NetError(f"'{path}' is neither a JWKS nor a PEM file", "Correct the file")
    usable = [jwk for jwk in entries if isinstance(jwk, dict) and _is_usable(jwk, now)]
    newest_first = sorted(usable, key=_age)
    return [key for jwk in newest_first if (key := _from_jwk(jwk)) is not None]


def _is_usable(jwk: dict[str, Any], now: float) -> bool:
    operations = jwk.get("key_ops")
    not_before, expires = jwk.get("nbf"), jwk.get("exp")
    return (
        isinstance(jwk.get("kid"), str)
        and "d" in jwk
        and jwk.get("use", "sig") == "sig"
        and (not isinstance(operations, list) or "sign" in operations)
        and not (isinstance(not_before, int | float) and not_before > now)
        and not (isinstance(expires, int | float) and expires <= now)
    )


def _age(jwk: dict[str, Any]) -> float:
    issued = jwk.get("iat", jwk.get("nbf"))
    return -issued if isinstance(issued, int | float) else 0.0


def _from_jwk(jwk: dict[str, Any]) -> SigningKey | None:
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    algorithm = {"RSA": "RS384", "EC": "ES384"}.get(str(jwk.get("kty")), "")
    if not algorithm or jwk.get("alg", algorithm) != algorithm:
        return None
    try:
        private = PyJWK(jwk, algorithm).key
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    return SigningKey(jwk["kid"], algorithm, private) if _algorithm(private) == algorithm else None


def _algorithm(private: object) -> str:
    """The algorithm of the key; "" where it must not be used."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(private, RSAPrivateKey) and private.key_size >= _MIN_BITS:
        return "RS384"
    if isinstance(private, EllipticCurvePrivateKey) and private.curve.name == _CURVE:
        return "ES384"
    return ""
