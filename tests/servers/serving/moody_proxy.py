"""A reverse proxy of the tests' own before a FHIR server, with moods.

    with moody(server.base, html_403_on_changes) as proxy:
        fhir_kb("push", "--target", proxy.base)
        proxy.mood = calm

The server behind it is a real HAPI or the model server; a mood says what the proxy makes of a
request. The moods are in `moods.py`, a small function each.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-encoding",
                  "content-length", "accept-encoding"}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request as it came to the proxy."""

    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes = field(default=b"", repr=False)

    @property
    def is_change(self) -> bool:
        return self.method in ("PUT", "DELETE", "PATCH") or (
            self.method == "POST" and not self.path.partition("?")[0].endswith("/_search")
        )

    @property
    def json(self) -> Any:
        """The body; None where it is no JSON."""
        try:
            return orjson.loads(self.body)
        except ValueError:
            return None


@dataclass
class Reply:
    """What the proxy sends back."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    pace: float = 0.0
    """Seconds before each byte of the body."""
    head_pace: float = 0.0
    """Seconds before each byte of status line and headers."""
    length: int | None = None
    """What Content-Length says, if not the truth."""
    hangs_up: bool = False
    """Whether the connection is reset instead, with nothing sent."""

    @property
    def json(self) -> Any:
        return orjson.loads(self.content)

    def with_json(self, value: Any) -> Reply:
        self.content = orjson.dumps(value)
        return self


Forward: TypeAlias = "Callable[[Asked], Reply]"
"""What the server behind says to a request: this one, or another."""
Mood: TypeAlias = "Callable[[Asked, Forward], Reply]"


def calm(asked: Asked, forward: Forward) -> Reply:
    """Nothing goes wrong."""
    return forward(asked)


class MoodyProxy:
    """`asked`: all requests so far. `mood` may be changed at any time."""

    def __init__(self, upstream: str, mood: Mood) -> None:
        self.mood = mood
        self.asked: list[Asked] = []
        self._path = urlsplit(upstream).path
        self._http = _Http(upstream, self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def base(self) -> str:
        """The base URL of the server, through the proxy."""
        return f"{self.origin}{self._path}"

    @property
    def changes(self) -> list[str]:
        """Method and path of each request that would change something."""
        return [f"{one.method} {one.path}" for one in self.asked if one.is_change]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def moody(upstream: str, mood: Mood = calm) -> Iterator[MoodyProxy]:
    """A proxy before the server at `upstream`."""
    proxy = MoodyProxy(upstream, mood)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def __init__(self, upstream: str, proxy: MoodyProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.proxy = proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        return

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        self.server.proxy.asked.append(asked)
        self._send(self.server.proxy.mood(asked, self._forward))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815  # the base's names

    def _forward(self, asked: Asked) -> Reply:
        """The Host header goes along, so the server's links name the proxy."""
        connection = http.client.HTTPConnection(self.server.upstream, timeout=300)
        sent = {k: v for k, v in asked.headers.items() if k not in _OF_CONNECTION}
        try:
            connection.request(asked.method, asked.path, asked.body or None, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in _OF_CONNECTION}
        return Reply(answer.status, headers, content)

    def _send(self, reply: Reply) -> None:
        if reply.hangs_up:
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            return
        length = len(reply.content) if reply.length is None else reply.length
        lines = [f"HTTP/1.1 {reply.status} {http.client.responses.get(reply.status, '-')}"]
        headers = {**reply.headers, "Content-Length": str(length)}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self._write(head, reply.head_pace)
        self._write(reply.content, reply.pace)
        if length != len(reply.content):
            self.close_connection = True

    def _write(self, content: bytes, pace: float) -> None:
        if not pace:
            self.wfile.write(content)
            return
        for byte in content:
            time.sleep(pace)
            self.wfile.write(bytes((byte,)))
            self.wfile.flush()
