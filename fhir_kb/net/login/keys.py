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
_WANTED: Final = "RS384 needs an RSA key of at least 2048 bits, ES384 one on the curve P-384"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """kid: its name at the server. algorithm: "RS384" or "ES384". private: what signs."""

    kid: str
    algorithm: str
    private: Any = field(repr=False)


def signing_keys(
    place: str, now: float, *, kid: str = "", passphrase: Secret | None = None
) -> list[SigningKey]:
    """The keys at `place` that can be used at `now` (seconds since 1970), the newest first.

    A JWKS says by `iat` or `nbf` which is newest, or else by its order, the newest first; `nbf` and
    `exp` bound their use. Of PEM files the one whose name sorts last is the newest ("2026-11.pem"
    after "2026-05.pem", "key-10" after "key-9"), and the name is the kid. Raises NetError.
    """
    _check_installed()
    path = Path(place)
    word = passphrase.read().encode() if passphrase is not None else None
    if path.is_dir():
        named = [one for one in path.iterdir() if one.suffix in {".pem", ".key"} and one.is_file()]
        files = sorted(named, key=lambda one: _natural(one.name), reverse=True)
        found = [_from_pem(str(one), one.stem, word) for one in files]
    elif (content := read_private_file(place, MAX_KEYS)).lstrip()[:1] == b"{":
        found = _from_jwks(content, place, now)
    else:
        found = [_from_pem(place, kid or path.stem, word)]
    if not found:
        raise NetError(f"there is no key in '{place}' that can be used now", _WANTED)
    return found


def _check_installed() -> None:
    try:
        import jwt.algorithms

        there = jwt.algorithms.has_crypto
    except ImportError:
        there = False
    if not there:
        raise NetError(
            "SMART Backend Services sign with PyJWT and cryptography, which are not here",
            "Install them: pip install 'fhir-kb[login]'",
        )


def _natural(name: str) -> list[tuple[int, str]]:
    return [
        (int(one[:18]), "") if one.isdecimal() else (-1, one) for one in re.split(r"(\d+)", name)
    ]


def _from_pem(name: str, kid: str, passphrase: bytes | None) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_private_file(name, MAX_KEYS)
    if b"ENCRYPTED" not in content:
        passphrase = None
    elif passphrase is None:
        raise NetError(f"the key '{name}' has a passphrase", "Say where it is (passphrase)")
    private: Any = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        private = load_pem_private_key(content, passphrase)
    if private is None:
        raise NetError(
            f"'{name}' is no private key in PEM, or its passphrase is another", "Mend the file"
        )
    algorithm = _algorithm(private)
    if not algorithm:
        raise NetError(f"the key '{name}' cannot be used", _WANTED)
    return SigningKey(kid, algorithm, private)


def _from_jwks(content: bytes, place: str, now: float) -> list[SigningKey]:
    whole: Any = None
    with suppress(orjson.JSONDecodeError):
        whole = orjson.loads(content)
    listed = whole.get("keys", [whole]) if isinstance(whole, dict) else None
    if not isinstance(listed, list):
        raise NetError(f"'{place}' is neither a JWKS nor a PEM file", "Mend the file")
    usable = [one for one in listed if isinstance(one, dict) and _is_for_us(one, now)]
    newest_first = sorted(usable, key=_age)
    return [key for one in newest_first if (key := _from_jwk(one)) is not None]


def _is_for_us(jwk: dict[str, Any], now: float) -> bool:
    operations = jwk.get("key_ops")
    begins, ends = jwk.get("nbf"), jwk.get("exp")
    return (
        isinstance(jwk.get("kid"), str)
        and "d" in jwk
        and jwk.get("use", "sig") == "sig"
        and (not isinstance(operations, list) or "sign" in operations)
        and not (isinstance(begins, int | float) and begins > now)
        and not (isinstance(ends, int | float) and ends <= now)
    )


def _age(jwk: dict[str, Any]) -> float:
    made = jwk.get("iat", jwk.get("nbf"))
    return -made if isinstance(made, int | float) else 0.0


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
    """What the key signs with; "" where it must not be used."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(private, RSAPrivateKey) and private.key_size >= _MIN_BITS:
        return "RS384"
    if isinstance(private, EllipticCurvePrivateKey) and private.curve.name == _CURVE:
        return "ES384"
    return ""
