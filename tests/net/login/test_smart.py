"""SMART Backend Services: what we sign, with which key.

https://build.fhir.org/ig/HL7/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from issuing import EC, RSA, Clock, Issuer, Private, form, jwk, pem, private_file
from serving import Asked, Reply, Web

from fhir_kb.net import NetError
from fhir_kb.net.login import FromEnvironment, SmartBackend, open_credentials
from fhir_kb.net.login.keys import signing_keys

NOW = 1_800_000_000.0
OTHER = ec.generate_private_key(ec.SECP384R1())
SCOPES = ("system/*.cruds",)


def jwks(path: Path, *keys: dict[str, Any]) -> str:
    return private_file(path / "keys.json", json.dumps({"keys": keys}))


def asked_with(served: Web, keys: str, **more: Any) -> tuple[dict[str, str], str]:
    """The form of the last request for a token, and the token endpoint."""
    issuer, clock = Issuer(served), Clock(NOW)
    login = SmartBackend("kb", keys, SCOPES, token_endpoint=issuer.url, **more)
    credentials = open_credentials(login, served.url, sleep=clock.sleep, clock=clock, now=clock)
    assert credentials.headers_for(served.url) == {"Authorization": "Bearer token-1"}
    return form(served.asked[-1]), issuer.url


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS384"), (EC, "ES384")])
def test_what_is_signed(served: Web, tmp_path: Path, key: Private, algorithm: str) -> None:
    sent, endpoint = asked_with(served, private_file(tmp_path / "2026-11.pem", pem(key)))
    assert {name: value for name, value in sent.items() if name != "client_assertion"} == {
        "grant_type": "client_credentials",
        "scope": "system/*.cruds",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    signed = sent["client_assertion"]
    assert jwt.get_unverified_header(signed) == {
        "alg": algorithm, "typ": "JWT", "kid": "2026-11"
    }  # fmt: skip
    claims = jwt.decode(
        signed, key.public_key(), algorithms=[algorithm], audience=endpoint,
        options={"verify_exp": False},
    )  # fmt: skip
    assert set(claims) == {"iss", "sub", "aud", "exp", "jti"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("kb", "kb", endpoint)
    assert 0 < claims["exp"] - NOW <= 300


def test_no_statement_is_sent_twice(served: Web, tmp_path: Path) -> None:
    issuer, clock = Issuer(served), Clock(NOW)
    replies = [Reply(status=503)]
    served.answer = lambda asked: replies.pop() if replies else issuer.answer(asked)
    keys = private_file(tmp_path / "a.pem", pem(EC))
    login = SmartBackend("kb", keys, SCOPES, token_endpoint=issuer.url)
    credentials = open_credentials(login, served.url, sleep=clock.sleep, clock=clock, now=clock)
    credentials.headers_for(served.url)
    credentials.renew()
    statements = [form(asked)["client_assertion"] for asked in served.asked]
    names = {jwt.decode(one, options={"verify_signature": False})["jti"] for one in statements}
    assert len(names) == 3


def test_a_name_for_a_single_key(served: Web, tmp_path: Path) -> None:
    sent, _ = asked_with(served, private_file(tmp_path / "a.pem", pem(EC)), kid="ours")
    assert jwt.get_unverified_header(sent["client_assertion"])["kid"] == "ours"


def test_a_key_with_a_passphrase(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_PASSPHRASE", "open sesame")
    key = private_file(tmp_path / "a.pem", pem(EC, "open sesame"))
    asked_with(served, key, passphrase=FromEnvironment("KB_PASSPHRASE"))
    with pytest.raises(NetError, match="has a passphrase"):
        signing_keys(key, NOW)
    monkeypatch.setenv("KB_PASSPHRASE", "another")
    with pytest.raises(NetError, match="passphrase is wrong"):
        signing_keys(key, NOW, passphrase=FromEnvironment("KB_PASSPHRASE"))


def kids(place: str | Path) -> list[str]:
    return [one.kid for one in signing_keys(str(place), NOW)]


def test_the_newest_file_comes_first(tmp_path: Path) -> None:
    for name in ("key-9.pem", "key-10.pem", "key-1.key", "notes.txt"):
        private_file(tmp_path / name, pem(EC))
    assert kids(tmp_path) == ["key-10", "key-9", "key-1"]


def test_the_newest_of_a_jwks_comes_first(tmp_path: Path) -> None:
    assert kids(jwks(tmp_path, jwk(EC, "a"), jwk(RSA, "b"))) == ["a", "b"]
    dated = jwk(EC, "old", iat=1000), jwk(RSA, "new", iat=3000), jwk(EC, "mid", nbf=2000)
    assert kids(jwks(tmp_path, *dated)) == ["new", "mid", "old"]


@pytest.mark.parametrize(
    "unfit",
    [
        {"exp": NOW - 1},
        {"nbf": NOW + 1},
        {"use": "enc"},
        {"key_ops": ["verify"]},
        {"alg": "ES256"},
        {"alg": "RS384"},
        {"kid": None},
        {"kty": "oct"},
        {"d": None},
        {"x": "AA"},
    ],
)
def test_a_key_that_must_not_be_used_is_passed_over(tmp_path: Path, unfit: dict[str, Any]) -> None:
    changed = {**jwk(OTHER, "unfit"), **unfit}
    unfit_key = {name: value for name, value in changed.items() if value is not None}
    assert kids(jwks(tmp_path, unfit_key, jwk(EC, "good"))) == ["good"]
    with pytest.raises(NetError, match=r"no key .* that can be used now") as caught:
        kids(jwks(tmp_path, unfit_key))
    assert "P-384" in caught.value.help


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024),
     ed25519.Ed25519PrivateKey.generate()],
    ids=["P-256", "RSA-1024", "Ed25519"],
)  # fmt: skip
def test_a_key_that_is_too_weak_or_of_another_kind(tmp_path: Path, key: Any) -> None:
    with pytest.raises(NetError, match="cannot be used"):
        kids(private_file(tmp_path / "a.pem", pem(key)))


@pytest.mark.parametrize("content", ["", "no key", "{", '{"keys": 7}', '{"keys": [7]}', "{}",
                                     "-----BEGIN PRIVATE KEY-----\nAAAA\n"])  # fmt: skip
def test_a_file_without_keys(tmp_path: Path, content: str) -> None:
    with pytest.raises(NetError):
        kids(private_file(tmp_path / "keys", content))


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="no key"):
        kids(tmp_path)
    with pytest.raises(NetError, match="cannot be read"):
        kids(tmp_path / "nowhere")


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    key = tmp_path / "a.pem"
    key.write_bytes(pem(EC))
    key.chmod(0o644)
    for place in (key, tmp_path):
        with pytest.raises(NetError, match="others on this machine"):
            kids(place)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt.algorithms", None)
    with pytest.raises(NetError, match="PyJWT") as caught:
        kids(tmp_path)
    assert "fhir-kb[login]" in caught.value.help


class Knowing:
    """A login server that knows some keys by name."""

    def __init__(self, web: Web, *known: str, error: str = "invalid_client") -> None:
        self.issuer = Issuer(web)
        self.known = set(known)
        self.error = error
        self.tried: list[str] = []
        web.answer = self.answer

    def answer(self, asked: Asked) -> Reply:
        kid = jwt.get_unverified_header(form(asked)["client_assertion"])["kid"]
        self.tried.append(kid)
        if kid in self.known:
            return self.issuer.answer(asked)
        return Reply(json.dumps({"error": self.error}).encode(), 400)


def test_the_next_key_where_the_newest_is_not_known_yet(served: Web, tmp_path: Path) -> None:
    knowing = Knowing(served, "2026-05")
    for name in ("2026-05.pem", "2026-11.pem"):
        private_file(tmp_path / name, pem(EC))
    login = SmartBackend("kb", str(tmp_path), SCOPES, token_endpoint=knowing.issuer.url)
    credentials = open_credentials(login, served.url)
    assert credentials.headers_for(served.url)
    assert knowing.tried == ["2026-11", "2026-05"]
    credentials.renew()
    assert knowing.tried[2:] == ["2026-05"]  # what it knew comes first
    knowing.known = {"2026-11"}
    credentials.headers_for(served.url)
    credentials.renew()
    assert knowing.tried[3:] == ["2026-05", "2026-11"]


def test_a_key_that_comes_later_is_found_without_a_restart(served: Web, tmp_path: Path) -> None:
    knowing = Knowing(served, "2026-11")
    private_file(tmp_path / "2026-05.pem", pem(EC))
    login = SmartBackend("kb", str(tmp_path), SCOPES, token_endpoint=knowing.issuer.url)
    credentials = open_credentials(login, served.url)
    with pytest.raises(NetError, match="keys tried: '2026-05'"):
        credentials.headers_for(served.url)
    private_file(tmp_path / "2026-11.pem", pem(EC))
    assert credentials.headers_for(served.url)


def test_only_some_keys_are_tried(served: Web, tmp_path: Path) -> None:
    knowing = Knowing(served)
    place = jwks(tmp_path, *(jwk(EC, f"k{number}") for number in range(9)))
    login = SmartBackend("kb", place, SCOPES, token_endpoint=knowing.issuer.url)
    with pytest.raises(NetError, match="keys tried"):
        open_credentials(login, served.url).headers_for(served.url)
    assert knowing.tried == ["k0", "k1", "k2", "k3", "k4"]


def test_another_refusal_is_not_about_the_key(served: Web, tmp_path: Path) -> None:
    knowing = Knowing(served, error="invalid_scope")
    place = jwks(tmp_path, jwk(EC, "a"), jwk(EC, "b"))
    login = SmartBackend("kb", place, SCOPES, token_endpoint=knowing.issuer.url)
    with pytest.raises(NetError, match="invalid_scope"):
        open_credentials(login, served.url).headers_for(served.url)
    assert knowing.tried == ["a"]


def test_the_fhir_server_is_asked_where_tokens_come_from(served: Web, tmp_path: Path) -> None:
    issuer = Issuer(served)

    def answer(asked: Asked) -> Reply:
        if asked.path == "/r4/.well-known/smart-configuration":
            return Reply(json.dumps({"token_endpoint": issuer.url}).encode())
        return issuer.answer(asked)

    served.answer = answer
    login = SmartBackend("kb", private_file(tmp_path / "a.pem", pem(EC)), SCOPES)
    found = open_credentials(login, f"{served.url}/r4").headers_for(f"{served.url}/r4")
    assert found == {"Authorization": "Bearer token-1"}
