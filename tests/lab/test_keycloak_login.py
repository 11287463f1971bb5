"""Logging in by a real Keycloak: the tokens are real, and so are the refusals."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

pytest.importorskip("jwt", reason="the extra 'login' is not installed")

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from keycloak import (
    Authority,
    Keycloak,
    Private,
    Resources,
    client,
    client_with_keys,
    jwk,
    keycloak,
    resources,
    write_key,
)

from fhir_kb.net import NetError, RetryPolicy
from fhir_kb.net.login import (
    Certificate,
    ClientCredentials,
    FromEnvironment,
    Login,
    SmartBackend,
    open_credentials,
    session_settings,
)
from fhir_kb.net.session import Session, open_session
from fhir_kb.net.settings import SessionSettings

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow, pytest.mark.enable_socket]

SHORT = 4
"""Seconds that a token of the client "hasty" is good for."""


@dataclass
class World:
    server: Keycloak
    authority: Authority
    keys: dict[str, Private]
    client_certificate: tuple[Path, Path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    authority = Authority(tmp_path_factory.mktemp("ca"))
    keys: dict[str, Private] = {
        "rsa": rsa.generate_private_key(65537, 2048),
        "ec": ec.generate_private_key(ec.SECP384R1()),
        "next": ec.generate_private_key(ec.SECP384R1()),
    }
    secret = f"ü:+% {secrets.token_urlsafe()}"  # what must be encoded on its way
    by_certificate = {
        "x509.subjectdn": "CN=publisher",
        "x509.allow.regex.pattern.comparison": "false",
    }
    clients = [
        client("by-secret", secret=secret),
        client("hasty", SHORT, secret=secret),
        client_with_keys("by-rsa", jwk(keys["rsa"], "rsa"), lifespan=SHORT),
        client_with_keys("by-ec", jwk(keys["ec"], "ec")),
        client_with_keys("by-both", jwk(keys["ec"], "ec"), jwk(keys["next"], "next")),
        client("by-tls", clientAuthenticatorType="client-x509", attributes=by_certificate),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.delenv(name, raising=False)
        patch.setenv("KB_TEST_SECRET", secret)
        patch.setenv("KB_TEST_WRONG", "not this one")
        with keycloak(authority, clients) as server:
            yield World(server, authority, keys, authority.issue("publisher"))


@pytest.fixture
def guarded(world: World) -> Iterator[Resources]:
    with resources(world.server) as one:
        yield one


def by_secret(world: World, client_id: str = "by-secret") -> ClientCredentials:
    return ClientCredentials(
        client_id, FromEnvironment("KB_TEST_SECRET"), token_endpoint=world.server.token_endpoint()
    )


def session(login: Login, url: str, settings: SessionSettings | None = None) -> Session:
    return open_session(session_settings(login, url, settings))


@pytest.mark.parametrize("authentication", ["basic", "post"])
def test_a_client_with_a_secret(world: World, guarded: Resources, authentication: str) -> None:
    login = replace(by_secret(world), authentication=authentication)
    with session(login, guarded.url) as one:
        assert one.request("GET", f"{guarded.url}/metadata").status == 200
        assert one.request("PUT", f"{guarded.url}/x", content=b"{}", retry=False).status == 200
    assert guarded.statuses == [200, 200]  # no refusal on the way: the token was there before
    assert guarded.clients == ["by-secret"] * 2


def test_the_issuer_says_where_tokens_come_from(world: World, guarded: Resources) -> None:
    login = replace(by_secret(world), token_endpoint="", issuer=world.server.realm())
    with session(login, guarded.url) as one:
        assert one.request("GET", guarded.url).status == 200


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_smart_backend_services(
    world: World, guarded: Resources, tmp_path: Path, kind: str
) -> None:
    key = write_key(tmp_path / f"{kind}.pem", world.keys[kind])
    login = SmartBackend(f"by-{kind}", str(key), ("profile",))
    with session(login, guarded.url) as one:
        assert one.request("GET", guarded.url).status == 200
    assert guarded.clients == [f"by-{kind}"]


def test_a_key_that_the_server_does_not_know_yet(
    world: World, guarded: Resources, tmp_path: Path
) -> None:
    keys = [
        jwk(world.keys["next"], "next", private=True),
        jwk(world.keys["ec"], "ec", private=True),
    ]
    place = tmp_path / "keys.json"
    place.write_text(json.dumps({"keys": keys}))
    place.chmod(0o600)
    with session(SmartBackend("by-ec", str(place), ("profile",)), guarded.url) as one:
        assert one.request("GET", guarded.url).status == 200
    with session(SmartBackend("by-both", str(place), ("profile",)), guarded.url) as one:
        assert one.request("GET", guarded.url).status == 200


def test_a_key_that_the_server_does_not_know_at_all(
    world: World, guarded: Resources, tmp_path: Path
) -> None:
    key = write_key(tmp_path / "next.pem", world.keys["next"])
    with (
        session(SmartBackend("by-ec", str(key), ("profile",)), guarded.url) as one,
        pytest.raises(NetError, match=r"rejects the login: .*keys tried: 'next'") as caught,
    ):
        one.request("GET", guarded.url)
    assert "Register the public key" in caught.value.help
    assert not guarded.statuses


@pytest.mark.parametrize("authentication", ["basic", "post"])
def test_a_wrong_secret(world: World, guarded: Resources, authentication: str) -> None:
    login = replace(
        by_secret(world), secret=FromEnvironment("KB_TEST_WRONG"), authentication=authentication
    )
    with session(login, guarded.url) as one, pytest.raises(NetError) as caught:
        one.request("GET", guarded.url)
    assert "rejects the login: " in caught.value.message
    assert "client" in caught.value.message
    assert "not this one" not in caught.value.message


def test_a_scope_that_does_not_exist(world: World, guarded: Resources) -> None:
    login = replace(by_secret(world), scopes=("system/*.cruds",))
    with session(login, guarded.url) as one, pytest.raises(NetError, match="invalid_scope"):
        one.request("GET", guarded.url)


@pytest.mark.parametrize("kind", ["secret", "key"])
def test_a_token_is_renewed_before_it_runs_out(
    world: World, guarded: Resources, tmp_path: Path, kind: str
) -> None:
    key = write_key(tmp_path / "rsa.pem", world.keys["rsa"])
    login: Login = by_secret(world, "hasty")
    if kind == "key":
        login = SmartBackend("by-rsa", str(key), ("profile",))
    seen = set()
    settings = session_settings(login, guarded.url)
    end = time.monotonic() + 2.5 * SHORT
    with open_session(settings) as one:
        while time.monotonic() < end:
            assert one.request("GET", guarded.url).status == 200
            seen.add(settings.credentials.headers_for(guarded.url)["Authorization"])
            time.sleep(0.1)
    assert set(guarded.statuses) == {200}
    assert 3 <= len(seen) <= 5  # renewed, and not for every request


def test_a_token_that_ran_out_unseen_is_renewed_after_one_refusal(
    world: World, guarded: Resources
) -> None:
    """The clock of the client stands still: only the server's refusal tells."""
    credentials = open_credentials(by_secret(world, "hasty"), guarded.url, clock=lambda: 0.0)
    with open_session(SessionSettings(credentials)) as one:
        assert one.request("GET", guarded.url).status == 200
        time.sleep(SHORT + 1)
        assert one.request("PUT", guarded.url, content=b"{}", retry=False).status == 200
    assert guarded.statuses == [200, 401, 200]


def test_many_threads_with_one_revoked_token_ask_for_one_other(
    world: World, guarded: Resources
) -> None:
    settings = session_settings(by_secret(world), guarded.url)
    first = settings.credentials.headers_for(guarded.url)["Authorization"]
    guarded.revoked.add(first.removeprefix("Bearer "))
    tokens: set[str] = set()
    start = threading.Barrier(8)

    def work() -> None:
        start.wait(30)
        assert one.request("GET", guarded.url).status == 200
        tokens.add(settings.credentials.headers_for(guarded.url)["Authorization"])

    with open_session(settings) as one:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert guarded.statuses.count(200) == 8
    assert len(tokens) == 1
    assert first not in tokens


def test_a_client_certificate_instead_of_a_secret(world: World, guarded: Resources) -> None:
    certificate, key = world.client_certificate
    login = ClientCredentials(
        "by-tls",
        authentication="certificate",
        token_endpoint=world.server.token_endpoint(secure=True),
        certificate=Certificate(str(certificate), str(key)),
    )
    trusting = SessionSettings(ca_file=str(world.authority.file))
    with session(login, guarded.url, trusting) as one:
        assert one.request("GET", guarded.url).status == 200
    assert guarded.clients == ["by-tls"]
    without = replace(login, certificate=None)
    with (
        session(without, guarded.url, trusting) as one,
        pytest.raises(NetError, match="rejects the login"),
    ):
        one.request("GET", guarded.url)


def test_a_server_that_wants_certificate_and_token(world: World) -> None:
    certificate, key = world.client_certificate
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*world.authority.issue("resources"))
    tls.load_verify_locations(world.authority.file)
    tls.verify_mode = ssl.CERT_REQUIRED
    login = replace(
        by_secret(world),
        token_endpoint=world.server.token_endpoint(secure=True),
        certificate=Certificate(str(certificate), str(key)),
    )
    trusting = SessionSettings(ca_file=str(world.authority.file), retry=RetryPolicy(tries=1))
    with resources(world.server, tls) as guarded:
        with session(login, guarded.url, trusting) as one:
            assert one.request("GET", guarded.url).status == 200
        bare = replace(login, certificate=None)
        with session(bare, guarded.url, trusting) as one, pytest.raises(NetError):
            one.request("GET", guarded.url)
    assert guarded.statuses == [200]
