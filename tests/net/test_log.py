"""What is logged: each request and each wait; never a secret, also when the server repeats it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from login.issuing import EC, form, pem, private_file
from serving import Asked, Reply, Web

from fhir_kb.net import Access, NetError, RetryPolicy, SessionSettings, open_session
from fhir_kb.net.login import (
    Basic,
    Bearer,
    ClientCredentials,
    FromEnvironment,
    Login,
    SmartBackend,
    session_settings,
)
from fhir_kb.net.redaction import protect, redact, redacted_headers, redacted_url

CANARY = "c4nary-W0rd/x"
SAFE = ("ETag", "Server", "Via", "X-Request-Id", "Content-Type", "Retry-After")


def echoing(*more: str) -> Callable[[Asked], Reply]:
    """A server that repeats all that it gets, in headers that are logged and in others."""

    def answer(asked: Asked) -> Reply:
        sent = form(asked) if b"=" in asked.body else {}
        words = [asked.headers.get("authorization", ""), asked.headers.get("cookie", ""), *more]
        words += [sent.get("client_secret", ""), sent.get("client_assertion", "")]
        echo = " ".join(filter(None, words)) or "nothing"
        headers = dict.fromkeys((*SAFE, "X-Echo", "WWW-Authenticate"), echo)
        headers["Set-Cookie"] = f"session={CANARY}"
        if asked.path.startswith("/token"):
            content = f'{{"access_token":"token-{CANARY}","token_type":"bearer"}}'.encode()
            return Reply(content, headers=headers)
        return Reply(b"{}", headers={**headers, "Content-Location": f"{asked.path}&t={CANARY}"})

    return answer


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG, "fhir_kb")
    return lambda: "\n".join(record.getMessage() for record in caplog.records)


def logins(served: Web, tmp_path: Path) -> dict[str, Login]:
    secret = FromEnvironment("KB_CANARY")
    token = f"{served.url}/token"
    key = private_file(tmp_path / "a.pem", pem(EC))
    return {
        "basic": Basic("me", secret),
        "bearer": Bearer(secret),
        "client secret": ClientCredentials("kb", secret, "basic", token),
        "client secret in the form": ClientCredentials("kb", secret, "post", token),
        "signed statement": SmartBackend("kb", key, ("system/*.rs",), token_endpoint=token),
    }


@pytest.mark.parametrize(
    "kind",
    ["basic", "bearer", "client secret", "client secret in the form", "signed statement"],
)
def test_no_login_is_logged(
    kind: str,
    served: Web,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    log: Callable[[], str],
) -> None:
    monkeypatch.setenv("KB_CANARY", CANARY)
    served.answer = echoing()
    settings = session_settings(logins(served, tmp_path)[kind], served.url)
    with open_session(settings) as session:
        for _ in range(2):  # the second one sends the cookie
            session.request("GET", f"{served.url}/r4/Patient?_count=7&token={CANARY}")
    sent = served.asked[-1].headers["authorization"].partition(" ")[2]
    assertions = [form(asked).get("client_assertion", "") for asked in served.asked if asked.body]
    text = log()
    assert f"GET {served.url}/r4/Patient?_count=7&token=…: HTTP 200" in text
    assert "Authorization: …" in text
    for secret in filter(None, [CANARY, sent, *assertions, pem(EC).decode().splitlines()[1]]):
        assert secret not in text
    for signature in filter(None, assertions):
        assert signature.rpartition(".")[2] not in text
    assert base64.b64encode(f"me:{CANARY}".encode()).decode() not in text


def test_no_token_of_a_registry_is_logged(served: Web, log: Callable[[], str]) -> None:
    served.answer = echoing()
    with open_session(SessionSettings(Access(served.url, f"tok-{CANARY}"))) as session:
        session.request("GET", served.url)
    assert CANARY not in log()


def test_no_password_of_a_proxy_is_logged(served: Web, log: Callable[[], str]) -> None:
    pair = base64.b64encode(b"me:s3cret-of-proxy").decode()
    served.answer = echoing("s3cret-of-proxy", pair)
    proxy = served.url.replace("http://", "http://me:s3cret-of-proxy@")
    with open_session(SessionSettings(proxy=proxy)) as session:
        session.request("GET", "http://fhir.example/metadata")
    gone = SessionSettings(proxy="http://me:s3cret-of-proxy@127.0.0.1:9")
    with (
        open_session(gone, sleep=lambda _: None) as session,
        pytest.raises(NetError) as caught,
    ):
        session.request("GET", "http://fhir.example/metadata")
    assert "proxy" in caught.value.message
    for text in (log(), caught.value.message):
        assert "s3cret" not in text
        assert pair not in text


def test_where_a_redirect_leads_is_logged_without_its_token(
    served: Web, log: Callable[[], str]
) -> None:
    served.answer = lambda asked: (
        Reply(status=302, headers={"Location": f"/end?access_token={CANARY}"})
        if asked.path == "/start"
        else echoing(CANARY)(asked)
    )
    open_session().request("GET", f"{served.url}/start")
    assert f"GET {served.url}/end?access_token=…: HTTP 200" in log()
    assert CANARY not in log()


def test_every_try_and_every_wait_is_logged(served: Web, log: Callable[[], str]) -> None:
    replies = [Reply(status=503, headers={"Retry-After": "7"}), Reply(b"{}")]
    served.answer = lambda asked: replies.pop(0)
    settings = SessionSettings(retry=RetryPolicy(tries=3))
    open_session(settings, sleep=lambda _: None, jitter=lambda: 0.0).request("GET", served.url)
    lines = log().splitlines()
    shown = [line for line in lines if "bytes" not in line and "response:" not in line]
    assert "HTTP 503 (" in shown[0]
    assert "ms, try 1)" in shown[0]
    assert shown[1].endswith("the server is busy (HTTP 503), waiting 7 s, try 2 of 3")
    assert "ms, try 2)" in shown[2]


def test_nothing_is_logged_on_stderr_unasked(
    served: Web, capfd: pytest.CaptureFixture[str]
) -> None:
    open_session().request("GET", served.url)
    assert capfd.readouterr() == ("", "")


def test_urls_are_shown_without_secrets() -> None:
    url = "https://me:pass@fhir.example/r4/Library?url=https://x&_count=5#part"
    assert redacted_url(url) == "https://fhir.example/r4/Library"
    assert redacted_url(url, query=True) == "https://fhir.example/r4/Library?url=…&_count=5"


def test_headers_are_shown_by_a_list_of_harmless_ones() -> None:
    protect("hidden-V4lue")
    headers = {"X-New": "a", "ETag": 'W/"hidden-V4lue"', "Location": "https://a:b@x/y?z=1"}
    assert redacted_headers(headers) == 'ETag: W/"…"; Location: https://x/y?z=…; X-New: …'
    assert redact("see hidden-V4lue, hidden-V4lue") == "see …, …"
