"""Redirects: reads follow them within the origin, changes never, and nothing leaves the origin."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving import Asked, Reply, Web

from fhir_kb.net import Access, Client, NetError, Response, open_session
from fhir_kb.net.redirects import RedirectedError, redirect_target

READS = ["GET", "HEAD"]
CHANGES = ["POST", "PUT", "DELETE", "PATCH"]
STATUSES = [301, 302, 303, 307, 308]


def sent_on(to: str, status: int = 301) -> object:
    """/start is sent on; everything else is there."""

    def answer(asked: Asked) -> Reply:
        if asked.path == "/start":
            return Reply(status=status, headers={"Location": to})
        return Reply(asked.path.encode())

    return answer


def read(served: Web) -> Response:
    with open_session(sleep=pytest.fail) as session:
        return session.request("GET", f"{served.url}/start")


@pytest.mark.parametrize("status", STATUSES)
def test_a_read_follows_within_its_origin(served: Web, status: int) -> None:
    served.answer = sent_on("/end", status)  # type: ignore[assignment]
    response = read(served)
    assert (response.content, response.moved_to) == (b"/end", f"{served.url}/end")
    assert [asked.path for asked in served.asked] == ["/start", "/end"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("end", "/end"),
        ("./sub/../end", "/end"),
        ("?a=b", "/start?a=b"),
        ("/with space", "/with%20space"),
        ("/st\u00e4rke", "/st%E4rke"),
        ("/with%20space", "/with%20space"),
        ("/end#part", "/end"),
    ],
)
def test_where_a_location_leads(served: Web, location: str, path: str) -> None:
    # https://www.rfc-editor.org/rfc/rfc3986#section-5.2
    served.answer = sent_on(location)  # type: ignore[assignment]
    assert read(served).content.decode() == path


def test_user_and_password_of_a_location_are_not_used(served: Web) -> None:
    served.answer = sent_on(served.url.replace("//", "//me:pass@") + "/end")  # type: ignore[assignment]
    assert read(served).content == b"/end"
    assert "authorization" not in served.asked[1].headers


def test_the_origin_is_compared_as_it_is_meant() -> None:
    def target(url: str, location: str) -> str:
        return redirect_target("GET", url, 301, {"Location": location}, may_leave=False)

    assert target("https://x.example/a", "https://X.example:443/b") == "https://X.example:443/b"
    for elsewhere in (
        "http://x.example/b",
        "https://x.example:8443/b",
        "https://x.example.evil.example/b",
        "https://x.example@evil.example/b",
        "//evil.example/b",
        "https://evil.example/https://x.example/",
    ):
        with pytest.raises(RedirectedError) as caught:
            target("https://x.example/a", elsewhere)
        assert "https://x.example/a: HTTP 301 Moved Permanently to" in caught.value.message
        assert "/b'" in caught.value.message or "x.example/'" in caught.value.message


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("", "without saying where to"),
        ("   ", "without saying where to"),
        ("http://[", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("javascript:alert(1)", "not a web address"),
        ("http://h:99999999/x", "not a web address"),
        ("http://127.0.0.1\\@evil.example/", "control characters or a backslash"),
        ("/a\x1b[31mb", "control characters or a backslash"),
        ("/a\tb", "control characters or a backslash"),
    ],
)
def test_a_location_that_leads_nowhere_is_final(served: Web, location: str, problem: str) -> None:
    served.answer = sent_on(location)  # type: ignore[assignment]
    with pytest.raises(NetError, match=problem):
        read(served)
    assert len(served.asked) == 1


def test_no_location_is_final(served: Web) -> None:
    served.answer = lambda asked: Reply(status=301)
    with pytest.raises(NetError, match="HTTP 301 Moved Permanently without saying where to"):
        read(served)
    assert len(served.asked) == 1


@pytest.mark.parametrize("method", [*READS, *CHANGES])
@pytest.mark.parametrize("status", STATUSES)
def test_another_server_gets_nothing(served: Web, other: Web, method: str, status: int) -> None:
    served.answer = sent_on(f"{other.url}/start", status)  # type: ignore[assignment]
    with open_session(sleep=pytest.fail) as session, pytest.raises(NetError) as caught:
        session.request(method, f"{served.url}/start", content=b"x", retry=False)
    assert f"{method} {served.url}/start: HTTP {status}" in caught.value.message
    assert f"to another server, '{other.url}/start'" in caught.value.message
    assert other.asked == []


@pytest.mark.parametrize("method", CHANGES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_change_follows_nowhere(served: Web, method: str, status: int) -> None:
    served.answer = sent_on("/end", status)  # type: ignore[assignment]
    with open_session(sleep=pytest.fail) as session, pytest.raises(NetError) as caught:
        session.request(method, f"{served.url}/start", content=b"x", retry=False)
    assert f"to '{served.url}/end'" in caught.value.message
    assert f"{served.url}/end" in caught.value.help
    assert [asked.path for asked in served.asked] == ["/start"]


def test_a_file_whose_digest_is_not_known_stays(served: Web, other: Web, tmp_path: Path) -> None:
    served.answer = sent_on(f"{other.url}/end")  # type: ignore[assignment]
    client = Client(Access(served.url, "t0ken-of-this-one"), sleep=pytest.fail)
    for may_leave in (False, True):  # the other one is not encrypted
        with pytest.raises(NetError, match="to another server"):
            client.download(f"{served.url}/start", tmp_path / "x", max_size=99, may_leave=may_leave)
    assert other.asked == []
