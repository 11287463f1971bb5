"""Slow servers: the clock is looked at at each read, and waiting is shown."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fhir_kb.net import Access, Client, NetError, RetryPolicy, SessionSettings, open_session
from fhir_kb.net import client as client_module
from fhir_kb.net import pace as pace_module
from fhir_kb.net.login import ClientCredentials, FromEnvironment, session_settings
from fhir_kb.net.pace import Pace, TooSlowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK = SessionSettings(grace=0.3, slowest=10_000.0)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n"


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what `talk` sends, however slowly; the client may hang up."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def trickle(content: bytes, at_once: bytes = b"") -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(at_once)
        for byte in content:
            time.sleep(0.02)
            connection.sendall(bytes((byte,)))

    return talk


def endless_interim(connection: socket.socket) -> None:
    connection.recv(65536)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


SLOW = {
    "status line": trickle(b"HTTP/1.1 200 " + b"O" * 5000),
    "headers": trickle(b"X: " + b"y" * 5000, b"HTTP/1.1 200 OK\r\n"),
    "body": trickle(b"{" + b" " * 5000, HEAD),
    "chunks": trickle(
        b"1\r\n \r\n" * 5000, HEAD.replace(b"Content-Length: 4000", b"Transfer-Encoding: chunked")
    ),
    "interim": endless_interim,
}


@pytest.mark.parametrize("where", SLOW)
@pytest.mark.parametrize("retry", [True, False], ids=["read", "change"])
def test_a_trickle_ends_and_is_not_tried_again(where: str, retry: bool) -> None:
    with talking(SLOW[where]) as url, open_session(QUICK, sleep=pytest.fail) as session:
        start = time.monotonic()
        with pytest.raises(TooSlowError, match=r"GET http://127.* the response is too slow: \d+ b"):
            session.request("GET", f"{url}/metadata?token=s3cret", retry=retry)
        assert time.monotonic() - start < 60  # all of it would take 100 s


def test_a_trickle_ends_for_a_registry_and_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "SessionSettings", lambda *_, **more: SessionSettings(
        grace=0.3, retry=more["retry"], retry_statuses=more["retry_statuses"]))  # fmt: skip
    with talking(SLOW["body"]) as url:
        client = Client(Access(), sleep=pytest.fail)
        with pytest.raises(TooSlowError):
            client.get(url)
        with pytest.raises(TooSlowError):
            client.download(url, tmp_path / "x", max_size=99999)


def test_a_trickle_ends_at_a_login_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SECRET", "s3cret-of-pace")
    with talking(SLOW["body"]) as url:
        login = ClientCredentials("kb", FromEnvironment("KB_SECRET"), token_endpoint=f"{url}/token")
        settings = session_settings(login, "http://127.0.0.1:9/fhir", QUICK)
        too_slow = pytest.raises(NetError, match=r"POST .*/token: the response is too slow")
        with open_session(settings, sleep=pytest.fail) as session, too_slow:
            session.request("GET", "http://127.0.0.1:9/fhir/metadata")


def test_large_and_steady_is_not_too_slow() -> None:
    pace = Pace("GET x", silence=60, grace=60, slowest=10_000)
    assert pace.left() == inf
    pace.first = time.monotonic() - 100
    pace.received = 2_000_000
    assert 150 < pace.left() < 161
    pace.received = 300_000
    with pytest.raises(
        TooSlowError, match="GET x: the response is too slow: 300000 bytes in 100 s"
    ):
        pace.left()


def test_silence_is_a_timeout_and_tried_again() -> None:
    settings = SessionSettings(read_timeout=0.2, retry=RetryPolicy(tries=2))
    waited: list[float] = []
    with (
        talking(lambda connection: connection.recv(9999) and connection.recv(9999)) as url,
        open_session(settings, sleep=waited.append) as session,
        pytest.raises(NetError, match="did not respond in time"),
    ):
        session.request("GET", url)
    assert len(waited) == 1


def test_a_handshake_byte_by_byte_ends() -> None:
    start = time.monotonic()
    with (
        talking(trickle(b"\x16\x03\x03\x40\x00" + b"\x02" * 5000)) as url,
        open_session(QUICK, sleep=pytest.fail) as session,
        pytest.raises(NetError, match="the encrypted connection takes longer than"),
    ):
        session.request("GET", url.replace("http:", "https:"))
    assert time.monotonic() - start < 60  # all of it would take 100 s


def test_waiting_is_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pace_module, "_NOTE_EVERY", 0.1)
    monkeypatch.setattr(pace_module, "_SLICE", 0.05)

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        time.sleep(0.25)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with caplog.at_level(logging.INFO, "fhir_kb.net.notices"), talking(talk) as url:
        open_session().request("GET", f"{url}/x?token=s3cret")
    lines = [record.getMessage() for record in caplog.records if "notices" in record.name]
    assert any(line.startswith(f"GET {url}/x: waiting for the response, ") for line in lines)
    assert not any("s3cret" in line for line in lines)


def test_a_large_body_has_the_time_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    received = []

    def talk(connection: socket.socket) -> None:
        size, want = 0, 3_000_000
        while size < want:
            part = connection.recv(200_000)
            size += len(part)
            time.sleep(0.02)
        received.append(size)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    settings = SessionSettings(connect_timeout=0.1)
    with talking(talk) as url, open_session(settings) as session:
        session.request("POST", url, content=b"x" * 3_000_000, retry=False)
    assert received
