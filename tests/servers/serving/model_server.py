"""A FHIR server in memory over real HTTP, of a chosen temper; JSON only.

    with ModelServer(HAPI) as server:
        server.put({"resourceType": "Library", "id": "a"})   # somebody else was here
        open_server(session, server.base)

It does what real servers were seen to do, or what the specification allows; the contract tests hold
it and a real HAPI to the same.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from model_answers import Answer, Answers
from model_store import RefusedError, Store
from temper import HAPI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_store import Resource
    from temper import Temper


class Request(NamedTuple):
    """What was asked for, and how it was answered."""

    method: str
    path: str
    status: int


class ModelServer:
    """See the module. `requests`: all so far. `refuses`: place → why writing there is a 422."""

    def __init__(self, temper: Temper = HAPI) -> None:
        self.temper = temper
        self.store = Store(temper)
        self.refuses = self.store.refuses
        self.requests: list[Request] = []
        self._port = 0
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ModelServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}/fhir"

    def start(self) -> None:
        """Answer requests, after `stop` at the same address."""
        self._http = _Http(("127.0.0.1", self._port), self)
        self._port = self._http.server_port
        self._http.answers = Answers(self.store, self.base)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it with all its connections; the resources are kept."""
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()
        self._thread.join()
        self._http = None

    def restart(self) -> None:
        """As after a restart of the machine: resources are there, open pages and caches are not."""
        self.stop()
        self.start()

    @property
    def resources(self) -> dict[str, Resource]:
        """What stands on it, by place, less what the server says about it in meta."""
        with self.store.lock:
            return {
                "/".join(key): _less_meta(versions[-1].resource)
                for key, versions in sorted(self.store.history.items())
                if versions[-1].resource is not None
            }

    def versions_of(self, place: object) -> list[str]:
        """All versions of a resource, the oldest first, also that it was deleted."""
        type_, _, name = str(place).partition("/")
        return [one.version for one in self.store.history.get((type_, name), ())]

    @property
    def writes(self) -> int:
        """How many versions of anything there are."""
        return sum(map(len, self.store.history.values()))

    def put(self, resource: Resource) -> str:
        """Somebody else puts this there; its version."""
        with self.store.lock:
            self.store.tick()
            key = (resource["resourceType"], resource["id"])
            return self.store.put(key, resource, late=True)[1].version

    def delete(self, place: object) -> None:
        """Somebody else deletes what stands there."""
        type_, _, name = str(place).partition("/")
        with self.store.lock:
            self.store.tick()
            self.store.delete((type_, name), late=True)


def _less_meta(resource: Resource) -> Resource:
    meta = {
        name: value
        for name, value in resource["meta"].items()
        if name not in ("versionId", "lastUpdated", "source")
    }
    kept = {name: value for name, value in resource.items() if name != "meta"}
    return {**kept, "meta": meta} if meta else kept


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    answers: Answers

    def __init__(self, address: tuple[str, int], model: ModelServer) -> None:
        super().__init__(address, _Handler)
        self.model = model
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close what is still open: clients keep their connections."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was closed meanwhile

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        return

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        model = self.server.model
        try:
            answer = self._answer(body)
        except RefusedError as refused:
            answer = Answer(refused.status, refused.outcome())
        model.requests.append(Request(self.command, self.path, answer.status))
        content = b"" if answer.body is None else _dump(answer.body)
        headers: dict[str, Any] = {"Content-Type": "application/fhir+json", **answer.headers}
        if (
            model.temper.gzip
            and len(content) > 2000
            and "gzip" in self.headers.get("Accept-Encoding", "")
        ):
            content = gzip.compress(content, 1)
            headers["Content-Encoding"] = "gzip"
        self.send_response(answer.status)
        for name, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # the base's names

    def _answer(self, body: bytes) -> Answer:
        most = self.server.model.temper.max_bytes
        if most and len(body) > most:
            raise RefusedError(413, f"more than {most} bytes")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.server.answers.answer(self.command, self.path, headers, body)


def parse(body: bytes) -> Any:
    """JSON with its decimals digit for digit."""
    return json.loads(body, parse_float=Decimal)


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=lambda one: orjson.Fragment(str(one)))


__all__: Sequence[str] = ["ModelServer", "Request", "parse"]
