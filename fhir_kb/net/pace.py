"""Time limits that hold at each read: for headers and bodies, and for each way to a server.

A socket's own timeout begins anew with each byte, so a server that sends one byte a second would
keep us for hours. Here the clock is looked at whenever something is read: a response has a minute
from its first byte on, and the time that its bytes take at the slowest pace that we accept.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from fhir_kb.net.errors import NetError
from fhir_kb.net.notices import notice

if TYPE_CHECKING:
    from urllib3 import PoolManager, ProxyManager

_SLICE: Final = 1.0
_NOTE_EVERY: Final = 10.0
_ADVICE: Final = "Try again when the server or the network is faster, or ask its operator"
_CONNECTIONS: Final = 16


class TooSlowError(NetError):
    """A response comes too slowly to go on waiting; another try would not be faster."""


@dataclass(slots=True)
class Pace:
    """How long one response may take. Used by one thread at a time."""

    request: str
    """Method and URL without secrets, for messages."""
    silence: float
    """Seconds without a byte."""
    grace: float
    """Seconds from the first byte on, beside those that the bytes take."""
    slowest: float
    """Bytes a second."""
    started: float = field(default_factory=time.monotonic)
    first: float | None = None
    """When the first byte came."""
    received: int = 0
    noted: float = 0.0
    """Seconds after the start at which the last line was shown."""

    def left(self) -> float:
        """Seconds for the rest of the response. Raises TooSlowError."""
        if self.first is None:
            return inf
        passed = time.monotonic() - self.first
        left = self.grace + self.received / self.slowest - passed
        if left <= 0:
            raise TooSlowError(
                f"{self.request}: the response is too slow: {self.received} bytes in "
                f"{passed:.0f} s",
                _ADVICE,
            )
        return left

    def got(self, number: int) -> None:
        """So many bytes have come."""
        self.first = time.monotonic() if self.first is None else self.first
        self.received += number
        self.note()

    def note(self) -> None:
        """Say from time to time that we are waiting."""
        passed = time.monotonic() - self.started
        if passed - self.noted >= _NOTE_EVERY:
            self.noted = passed
            so_far = f", {self.received} bytes so far" if self.received else ""
            notice(f"{self.request}: waiting for the response, {passed:.0f} s{so_far}")


class _Current(threading.local):
    """The pace of the thread's next response."""

    pace: Pace | None = None


_current = _Current()


def begin(pace: Pace) -> None:
    """The next request of this thread has this pace."""
    _current.pace = pace


class _PacedReader(io.RawIOBase):
    """What comes from a socket, at a pace."""

    def __init__(self, inner: io.RawIOBase, sock: socket.socket, pace: Pace) -> None:
        self._inner, self._sock, self._pace = inner, sock, pace

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes; 0 at the end. Raises TooSlowError, or TimeoutError after a silence."""
        silent_since = time.monotonic()
        while True:
            silence = self._pace.silence - (time.monotonic() - silent_since)
            left = min(silence, self._pace.left())
            if silence <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(min(_SLICE, left))
            try:
                number = self._sock.recv_into(buffer)
            except TimeoutError:
                self._pace.note()
                continue
            self._pace.got(number)
            return number

    def close(self) -> None:
        """Release the socket."""
        if not self.closed:
            self._inner.close()
        super().close()


class _PacedResponse(http.client.HTTPResponse):
    """A response whose every read looks at the clock."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        pace = _current.pace
        if pace is not None:
            self.fp = io.BufferedReader(_PacedReader(self.fp.detach(), sock, pace))


def _send_slowly(connection: HTTPConnection, data: Any) -> None:
    """Give what is sent the time that it takes: the connection's own limit is for all of it."""
    pace = _current.pace
    if connection.sock is not None and pace is not None and isinstance(data, bytes):
        connection.sock.settimeout(pace.silence + len(data) / pace.slowest)


class _Connection(HTTPConnection):
    response_class = _PacedResponse

    def send(self, data: Any) -> None:
        """Send a part of a request."""
        _send_slowly(self, data)
        super().send(data)


class _EncryptedConnection(HTTPSConnection):
    response_class = _PacedResponse
    _watched: socket.socket | None = None
    _is_too_slow = False

    def send(self, data: Any) -> None:
        """Send a part of a request."""
        _send_slowly(self, data)
        super().send(data)

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._watched = sock.dup()  # the handshake takes the socket itself away
        return sock

    def connect(self) -> None:
        """Connect; the handshake has an end as well. Raises TooSlowError."""
        pace = _current.pace
        seconds = pace.grace if pace is not None else _NOTE_EVERY
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            super().connect()
        except Exception:
            if self._is_too_slow and pace is not None:
                raise TooSlowError(
                    f"{pace.request}: the encrypted connection takes longer than {seconds:.0f} s",
                    _ADVICE,
                ) from None
            raise
        finally:
            timer.cancel()
            if self._watched is not None:
                self._watched.close()

    def _give_up(self) -> None:
        self._is_too_slow = True
        try:
            if self._watched is not None:
                self._watched.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended meanwhile


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _EncryptedConnection


class PacedAdapter(HTTPAdapter):
    """Connections whose responses keep a pace, with a proxy and without."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """As the base does, with our connections."""
        super().init_poolmanager(*args, **more)
        _use_paced(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **more: Any) -> ProxyManager:
        """As the base does, with our connections."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **more)
        _use_paced(manager)
        return manager


def _use_paced(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _EncryptedPool}
