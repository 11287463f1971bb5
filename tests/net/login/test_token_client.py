"""Tokens by a client's secret, from login servers of this machine."""

from __future__ import annotations

import base64
import json
import pickle
from dataclasses import replace
from typing import Any

import pytest
from issuing import Clock, Issuer
from serving import Asked, Reply, Web

from fhir_kb.net import NetError
from fhir_kb.net.login import ClientCredentials, FromEnvironment, Login, open_credentials
from fhir_kb.net.login.token_response import LoginRejectedError
from fhir_kb.net.settings import Credentials

FHIR = "https://fhir.example.org/r4"
SECRET = "p+w: ü%/s3cret"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SECRET", SECRET)


def login(url: str, **more: Any) -> ClientCredentials:
    return ClientCredentials("kb", FromEnvironment("KB_SECRET"), token_endpoint=url, **more)


def opened(one: Login, clock: Clock | None = None, server: str = FHIR) -> Credentials:
    clock = clock or Clock()
    return open_credentials(one, server, sleep=clock.sleep, clock=clock, now=clock)


def words(credentials: Credentials) -> str:
    return credentials.headers_for(f"{FHIR}/Patient")["Authorization"]


def test_the_secret_in_the_header(served: Web) -> None:
    issuer = Issuer(served)
    assert words(opened(login(issuer.url, scopes=("system/*.rs", "x")))) == "Bearer token-1"
    assert issuer.forms() == [{"grant_type": "client_credentials", "scope": "system/*.rs x"}]
    # RFC 6749, 2.3.1 and its appendix B: form-encoded, then as RFC 7617 has it
    said = base64.b64decode(served.asked[0].headers["authorization"].removeprefix("Basic "))
    assert said == b"kb:p%2Bw%3A+%C3%BC%25%2Fs3cret"
    assert served.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_the_secret_in_the_form(served: Web) -> None:
    issuer = Issuer(served)
    words(opened(login(issuer.url, authentication="post", audience="fhir", resource="urn:x")))
    assert issuer.forms() == [
        {
            "grant_type": "client_credentials",
            "client_id": "kb",
            "client_secret": SECRET,
            "audience": "fhir",
            "resource": "urn:x",
        }
    ]
    assert "authorization" not in served.asked[0].headers


@pytest.mark.parametrize(
    ("said", "used_for"),
    [
        ({"expires_in": 3600}, 3570),
        ({"expires_in": "3600"}, 3570),
        ({"expires_in": 10}, 7),
        ({"expires_in": None}, 270),
        ({"expires_in": True}, 270),
        ({"expires_in": "soon"}, 270),
        ({"expires_in": [1]}, 270),
        ({"expires_in": 1e300}, 86370),
        ({"expires_in": "nan"}, 270),
    ],
)
def test_how_long_a_token_is_used(served: Web, said: dict[str, Any], used_for: float) -> None:
    issuer, clock = Issuer(served, **said), Clock()
    credentials = opened(login(issuer.url), clock)
    words(credentials)
    clock.seconds += used_for - 0.1
    assert words(credentials) == "Bearer token-1"
    clock.seconds += 0.2
    assert words(credentials) == "Bearer token-2"


@pytest.mark.parametrize("said", [-5, 0])
def test_a_token_that_has_run_out_already_is_used_once(served: Web, said: int) -> None:
    credentials = opened(login(Issuer(served, expires_in=said).url))
    assert [words(credentials), words(credentials)] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_counts_from_when_it_was_asked_for(served: Web) -> None:
    issuer, clock = Issuer(served, expires_in=100), Clock()
    slow = issuer.answer

    def answer(asked: Asked) -> Reply:
        clock.seconds += 50
        return slow(asked)

    served.answer = answer
    credentials = opened(login(issuer.url), clock)
    words(credentials)
    clock.seconds += 28
    assert words(credentials) == "Bearer token-1"
    clock.seconds += 2
    assert words(credentials) == "Bearer token-2"


def test_token_types_are_read_in_any_case(served: Web) -> None:
    assert words(opened(login(Issuer(served, token_type="bearer").url))) == "Bearer token-1"


def test_a_busy_login_server_is_asked_again(served: Web) -> None:
    issuer, clock = Issuer(served), Clock()
    replies = [Reply(status=503, headers={"Retry-After": "7"}), Reply(status=502)]
    served.answer = lambda asked: replies.pop(0) if replies else issuer.answer(asked)
    assert words(opened(login(issuer.url), clock)) == "Bearer token-1"
    assert 7 <= clock.waits[0] <= 10.5
    assert len(served.asked) == 3


def test_patience_with_a_login_server_ends(served: Web) -> None:
    served.answer = lambda asked: Reply(b"<html>busy</html>", status=503)
    with pytest.raises(
        NetError, match=r"HTTP 503 Service Unavailable \(tried 6 times in .*no token"
    ):
        words(opened(login(served.url)))
    assert len(served.asked) == 6


def test_a_login_server_that_is_not_there() -> None:
    with pytest.raises(NetError, match="cannot be reached"):
        words(opened(login("http://127.0.0.1:9/token")))


WRONG: list[tuple[bytes, int, str]] = [
    (b"<!DOCTYPE html><p>Log in", 200, "an HTML page instead of a token"),
    (b"access_token=x&token_type=bearer", 200, "a body that is not JSON instead of a token"),
    (b"", 200, "a body that is not JSON instead of a token"),
    (b"[]", 200, "a body that is not JSON instead of a token"),
    (b"[" * 100_000, 200, "a body that is not JSON instead of a token"),
    (b"\xff\xfe", 200, "a body that is not JSON instead of a token"),
    (b"{}", 200, "no usable access_token"),
    (b'{"access_token": 7}', 200, "no usable access_token"),
    (b'{"access_token": ""}', 200, "no usable access_token"),
    (b'{"access_token": "a b"}', 200, "no usable access_token"),
    (b'{"access_token": "a\\r\\nX-Evil: 1"}', 200, "no usable access_token"),
    (b'{"access_token": "' + b"x" * 70_000 + b'"}', 200, "no usable access_token"),
    (b'{"access_token": "x", "token_type": "mac"}', 200, "of the type 'mac', not 'Bearer'"),
    (b'{"access_token": "x", "token_type": null}', 200, "not 'Bearer'"),
    (b"x" * 2_000_000, 200, "more than 1 MB"),
    (b"no", 404, "HTTP 404 Not Found: no token"),
    (b"<html>", 403, "HTTP 403 Forbidden: no token"),
    (b'{"error": "invalid_client"}', 401, "rejects the login: invalid_client"),
    (b'{"error": "invalid_scope", "error_description": "no"}', 400, r"invalid_scope \(no\)"),
    (b'{"error": "invalid_request"}', 200, "rejects the login: invalid_request"),
]


@pytest.mark.parametrize(("content", "status", "message"), WRONG)
def test_what_is_no_token(served: Web, content: bytes, status: int, message: str) -> None:
    served.answer = lambda asked: Reply(content, status)
    with pytest.raises(NetError, match=message) as caught:
        words(opened(login(f"{served.url}/token")))
    assert caught.value.help
    assert len(served.asked) == 1


def test_what_a_server_says_is_cleaned_and_short(served: Web) -> None:
    said = f"\x1b[31m\r\nkey {SECRET} \u202e" + "bad " * 1000
    served.answer = lambda asked: Reply(
        json.dumps({"error": "invalid_client", "error_description": said}).encode(), 400
    )
    with pytest.raises(LoginRejectedError) as caught:
        words(opened(login(served.url)))
    assert "(" in caught.value.message
    assert "[31m key … bad bad" in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400
    assert SECRET not in caught.value.message
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.message, again.code, again.status) == (
        caught.value.message, "invalid_client", 400,
    )  # fmt: skip


def test_clocks_that_differ_are_told(served: Web) -> None:
    served.answer = lambda asked: Reply(b'{"error": "invalid_client"}', 401)
    with pytest.raises(LoginRejectedError) as caught:
        words(opened(login(served.url)))  # the test's clock is at the beginning of 1970
    assert "clock" in caught.value.help


def test_a_secret_does_not_follow_a_redirection(served: Web, other: Web) -> None:
    served.answer = lambda asked: Reply(status=307, headers={"Location": other.url})
    with pytest.raises(NetError, match="307 Temporary Redirect to another server"):
        words(opened(login(served.url)))
    assert not other.asked


@pytest.mark.parametrize("server", ["http://fhir.example.org/r4", "http://192.0.2.7/r4"])
def test_where_others_listen_nothing_is_opened(server: str) -> None:
    one = login("https://login.example.org/token")
    with pytest.raises(NetError, match="is not encrypted") as caught:
        open_credentials(one, server)
    assert "insecure: true" in caught.value.help
    told = open_credentials(replace(one, insecure=True), server)
    assert told.headers_for("https://elsewhere.example.org/") == {}


def test_a_token_endpoint_where_others_listen_is_not_asked() -> None:
    with pytest.raises(NetError, match=r"login\.example\.org/token' is not encrypted"):
        words(opened(login("http://login.example.org/token")))


def discovering(**more: Any) -> ClientCredentials:
    return ClientCredentials("kb", FromEnvironment("KB_SECRET"), **more)


def answering(document: object, path: str, issuer: Issuer) -> Any:
    def answer(asked: Asked) -> Reply:
        if asked.path == path:
            return Reply(json.dumps(document).encode())
        return issuer.answer(asked) if asked.path == "/token" else Reply(b"no", 404)

    return answer


def test_the_fhir_server_says_where_tokens_come_from(served: Web) -> None:
    issuer = Issuer(served)
    served.answer = answering(
        {"token_endpoint": issuer.url}, "/fhir/.well-known/smart-configuration", issuer
    )
    credentials = opened(discovering(), server=f"{served.url}/fhir/")
    found = credentials.headers_for(f"{served.url}/fhir/metadata")
    assert found == {"Authorization": "Bearer token-1"}
    assert credentials.renew()
    assert [asked.path for asked in served.asked] == [
        "/fhir/.well-known/smart-configuration", "/token", "/token",
    ]  # fmt: skip
    assert "authorization" not in served.asked[0].headers


@pytest.mark.parametrize(
    "path",
    ["/realms/a/.well-known/openid-configuration",
     "/.well-known/oauth-authorization-server/realms/a"],
)  # fmt: skip
def test_the_issuer_says_where_tokens_come_from(served: Web, path: str) -> None:
    issuer = Issuer(served)
    name = f"{served.url}/realms/a"
    served.answer = answering({"issuer": name, "token_endpoint": issuer.url}, path, issuer)
    assert words(opened(discovering(issuer=name))) == "Bearer token-1"


def test_an_issuer_where_others_listen_is_not_asked() -> None:
    with pytest.raises(NetError, match=r"login\.example\.org' is not encrypted"):
        words(opened(discovering(issuer="http://login.example.org")))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"token_endpoint": "http://login.example.org/t", "issuer": "SELF"}, "is not encrypted"),
        ({"token_endpoint": "ftp://login.example.org/t", "issuer": "SELF"}, "not a web address"),
        ({"token_endpoint": 7, "issuer": "SELF"}, "no token endpoint"),
        ({"issuer": "SELF"}, "no token endpoint"),
        ({"token_endpoint": "https://x.example/t", "issuer": "https://evil.example"}, "another"),
        ([], "no token endpoint"),
        ("<html>", "no token endpoint"),
    ],
)
def test_what_an_issuer_says_is_not_trusted(served: Web, document: Any, message: str) -> None:
    said = json.dumps(document).replace("SELF", served.url).encode()
    served.answer = lambda asked: Reply(said)
    with pytest.raises(NetError, match=message):
        words(opened(discovering(issuer=served.url)))


def test_a_token_endpoint_that_moved_is_looked_up_again(served: Web) -> None:
    issuer, clock = Issuer(served), Clock()
    place = "/old"

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("configuration"):
            said = {"issuer": served.url, "token_endpoint": served.url + place}
            return Reply(json.dumps(said).encode())
        return issuer.answer(asked) if asked.path == place else Reply(b"gone", 404)

    served.answer = answer
    credentials = opened(discovering(issuer=served.url), clock)
    assert words(credentials) == "Bearer token-1"
    place = "/new"
    clock.seconds += 301
    with pytest.raises(NetError, match="404"):
        words(credentials)
    assert words(credentials) == "Bearer token-2"
