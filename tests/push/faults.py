"""A proxy before a real server that lets requests and answers go wrong, by a seeded generator.

Answers are lost before or after the server acted, cut off, replaced by a page of HTML or by an
answer of before; requests are refused as by a busy server or by something between. Nothing in it
knows FHIR, except which requests are questions.
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (
    "delay", "reset before", "reset after", "busy 429", "busy 503", "error 500", "error 502 after",
    "error 504 after", "cut", "html before", "html after", "stale",
)  # fmt: skip
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "host",
               "content-length", "accept-encoding"}  # fmt: skip


@dataclass
class Plan:
    """share: of requests that go wrong, from 0 to 1. seen: what went wrong how often."""

    share: float
    seed: int
    seen: dict[str, int] = field(default_factory=dict)
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._lock = threading.Lock()

    def next(self) -> str:
        """What happens to the next request; "" for nothing."""
        with self._lock:
            kind = self._rng.choice(self.kinds) if self._rng.random() < self.share else ""
            self.seen[kind] = self.seen.get(kind, 0) + 1
            return kind


@contextmanager
def faulty(base: str, plan: Plan) -> Iterator[str]:
    """The address of a proxy before the server at `base`; /metadata always goes well."""
    server = _Proxy(base, plan)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{urlsplit(base).path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, base: str, plan: Plan) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(base).netloc
        self.plan = plan
        self.earlier: dict[tuple[str, bytes], tuple[int, list[tuple[str, str]], bytes]] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that end in the middle are the point."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Proxy

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's name
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = "" if "/metadata" in self.path else self.server.plan.next()
        is_question = self.command == "GET" or "_search" in self.path
        if kind == "delay":
            time.sleep(0.02)
        if kind == "reset before":
            self._reset()
        elif kind.startswith("busy"):
            self._say(int(kind[-3:]), [("Retry-After", "0")], b"")
        elif kind == "error 500":
            self._say(500, [], b"{}")
        elif kind == "html before":
            self._html()
        elif kind == "stale" and is_question and (self.path, body) in self.server.earlier:
            self._say(*self.server.earlier[self.path, body])
        else:
            self._forward(kind, body, is_question=is_question)

    def _forward(self, kind: str, body: bytes, *, is_question: bool) -> None:
        status, headers, content = self._asked(body)
        if kind == "reset after":
            self._reset()
        elif kind in ("error 502 after", "error 504 after"):
            self._say(int(kind.split()[1]), [], b"")
        elif kind == "html after":
            self._html()
        elif kind == "cut":
            self._say(status, headers, content, cut=True)
        else:
            if is_question:
                self.server.earlier.setdefault((self.path, body), (status, headers, content))
            self._say(status, headers, content)

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=300)
        sent = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
        connection.request(self.command, self.path, body or None, sent)
        answer = connection.getresponse()
        content = answer.read()
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
        connection.close()
        return answer.status, headers, content

    def _say(
        self, status: int, headers: list[tuple[str, str]], content: bytes, *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self._reset()

    def _html(self) -> None:
        self._say(200, [("Content-Type", "text/html")], b"<html><body>Gateway</body></html>")

    def _reset(self) -> None:
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
