"""Sessions by each way to log in."""

from __future__ import annotations

import base64
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from issuing import EC, certificate, pem, private_file
from serving import Asked, Reply, Web, web

from fhir_kb.net import NetError, RetryPolicy, SessionSettings, open_session
from fhir_kb.net.login import (
    Basic,
    Bearer,
    Certificate,
    ClientCredentials,
    FromEnvironment,
    FromFile,
    Login,
    NoLogin,
    open_credentials,
    session_settings,
)
from fhir_kb.net.login.credentials import check_certificate
from fhir_kb.net.response import Response

SECRET = FromEnvironment("KB_SECRET")


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SECRET", "open sesame")


def got(login: Login, url: str, settings: SessionSettings | None = None) -> Response:
    with open_session(session_settings(login, url, settings)) as session:
        return session.request("GET", f"{url}/metadata")


def test_no_login(served: Web) -> None:
    got(NoLogin(), served.url)
    assert "authorization" not in served.asked[0].headers
    assert session_settings(NoLogin(), "http://fhir.example.org").server


def test_user_and_password(served: Web) -> None:
    # https://www.rfc-editor.org/rfc/rfc7617#section-2
    got(Basic("Aladdin", SECRET), served.url)
    assert served.asked[0].headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_a_password_beyond_ascii(served: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://www.rfc-editor.org/rfc/rfc7617#section-2.1: UTF-8
    monkeypatch.setenv("KB_SECRET", "123\u00a3")
    got(Basic("test", SECRET), served.url)
    assert served.asked[0].headers["authorization"] == "Basic dGVzdDoxMjPCow=="


def test_a_token(served: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SECRET", "abc.def-_~+/=")
    got(Bearer(SECRET), served.url)
    assert served.asked[0].headers["authorization"] == "Bearer abc.def-_~+/="


def test_a_token_that_is_none(served: Web) -> None:
    with pytest.raises(NetError, match="characters that no token has"):
        got(Bearer(SECRET), served.url)
    assert not served.asked


def test_a_token_that_somebody_else_renews_is_read_again(served: Web, tmp_path: Path) -> None:
    path = tmp_path / "token"
    login = Bearer(FromFile(private_file(path, "old")))

    def answer(asked: Asked) -> Reply:
        if asked.headers["authorization"] == "Bearer new":
            return Reply()
        path.write_text("new")
        return Reply(status=401)

    served.answer = answer
    assert got(login, served.url).status == 200
    assert len(served.asked) == 2


def test_a_wrong_password_is_sent_once(served: Web) -> None:
    served.answer = lambda asked: Reply(status=401)
    assert got(Basic("Aladdin", SECRET), served.url).status == 401
    assert len(served.asked) == 1


@pytest.mark.parametrize("login", [Basic("Aladdin", SECRET), Bearer(SECRET)])
def test_nothing_is_said_aloud_unless_told(login: Basic | Bearer) -> None:
    with pytest.raises(NetError, match="is not encrypted") as caught:
        open_credentials(login, "http://fhir.example.org")
    assert "https" in caught.value.help
    for good in ("https://fhir.example.org", "http://127.0.0.1:8080", "http://[::1]/fhir",
                 "http://localhost/fhir"):  # fmt: skip
        open_credentials(login, good)


def test_told_so_it_is_said_aloud() -> None:
    login = Basic("Aladdin", SECRET, insecure=True)
    found = open_credentials(login, "http://fhir.example.org/r4").headers_for(
        "http://fhir.example.org/x"
    )
    words = found["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(words) == b"Aladdin:open sesame"


def test_what_is_said_to_the_server_is_said_to_no_other(served: Web, other: Web) -> None:
    served.answer = lambda asked: Reply(status=302, headers={"Location": f"{other.url}/there"})
    with pytest.raises(NetError, match="302 Found to another server"):
        got(Basic("Aladdin", SECRET), served.url)
    assert "authorization" in served.asked[0].headers
    assert not other.asked


@dataclass
class Mutual:
    web: Web
    url: str
    settings: SessionSettings
    client: Certificate
    folder: Path


@pytest.fixture
def mutual(tmp_path: Path) -> Iterator[Mutual]:
    server, client = certificate(tmp_path, "server"), certificate(tmp_path, "client")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*server)
    tls.load_verify_locations(client[0])
    tls.verify_mode = ssl.CERT_REQUIRED
    trusting = SessionSettings(ca_file=server[0], retry=RetryPolicy(tries=1))
    with web(tls) as served:
        yield Mutual(served, served.url, trusting, Certificate(*client), tmp_path)


def test_a_client_certificate(mutual: Mutual) -> None:
    assert got(mutual.client, mutual.url, mutual.settings).status == 200
    with pytest.raises(NetError):
        got(NoLogin(), mutual.url, mutual.settings)
    stranger = Certificate(*certificate(mutual.folder, "stranger"))
    with pytest.raises(NetError):
        got(stranger, mutual.url, mutual.settings)
    assert len(mutual.web.asked) == 1


def test_certificate_and_key_in_one_file(mutual: Mutual) -> None:
    both = b"".join(
        Path(one).read_bytes() for one in (mutual.client.certificate, mutual.client.key)
    )
    one_file = Certificate(private_file(mutual.folder / "both.pem", both))
    assert got(one_file, mutual.url, mutual.settings).status == 200


def test_a_certificate_beside_a_password(mutual: Mutual) -> None:
    login = Basic("Aladdin", SECRET, mutual.client)
    assert got(login, mutual.url, mutual.settings).status == 200
    assert "authorization" in mutual.web.asked[0].headers


def test_a_certificate_at_the_login_server(mutual: Mutual, served: Web) -> None:
    mutual.web.answer = lambda asked: Reply(b'{"access_token":"x","token_type":"Bearer"}')
    login = ClientCredentials(
        "kb", authentication="certificate", token_endpoint=mutual.url, certificate=mutual.client
    )
    assert got(login, served.url, mutual.settings).status == 200
    assert mutual.web.asked[0].body == b"grant_type=client_credentials&client_id=kb"
    assert served.asked[0].headers["authorization"] == "Bearer x"


def test_a_certificate_needs_encryption() -> None:
    with pytest.raises(NetError, match="is not encrypted"):
        session_settings(Certificate("a", "b"), "http://fhir.example.org")


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    one, other = certificate(tmp_path, "one"), certificate(tmp_path, "other")
    locked = private_file(tmp_path / "locked.key", pem(EC, "passphrase"))
    garbage = private_file(tmp_path / "garbage", "s3cret")
    for shows, message in (
        (Certificate("nowhere.pem", one[1]), "there is no client certificate"),
        (Certificate(one[0], str(tmp_path / "nowhere")), "cannot be read"),
        (Certificate(one[0], other[1]), "or the key does not"),
        (Certificate(one[0]), "cannot be used"),
        (Certificate(garbage, one[1]), "cannot be used"),
        (Certificate(one[0], garbage), "cannot be used"),
        (Certificate(one[0], locked), "has a passphrase"),
    ):
        with pytest.raises(NetError, match=message):
            session_settings(shows, "https://fhir.example.org")
    Path(one[1]).chmod(0o644)
    with pytest.raises(NetError, match="others on this machine"):
        session_settings(Certificate(*one), "https://fhir.example.org")


@pytest.mark.parametrize(("days", "message"), [(-1, "expired on"), (-5, "is not valid before")])
def test_a_certificate_whose_time_it_is_not(tmp_path: Path, days: int, message: str) -> None:
    shows = Certificate(*certificate(tmp_path, "me", -1 if days == -1 else 1))
    clock = time.time if days == -1 else lambda: time.time() + days * 86400
    with pytest.raises(NetError, match=message):
        check_certificate(shows, clock())
    check_certificate(Certificate(*certificate(tmp_path, "other")), time.time())


def test_without_the_extra_a_certificate_is_used_all_the_same(
    mutual: Mutual, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.x509", None)
    assert got(mutual.client, mutual.url, mutual.settings).status == 200


def test_decoding_a_login_imports_nothing_heavy() -> None:
    script = (
        "import sys; from fhir_kb.net.login import login_from, login_file_path; "
        "login_from({'type': 'none'}); "
        "print(sorted({'requests', 'jwt', 'cryptography', 'keyring'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
