"""An HTTP session with one server: verified TLS, bounded responses, retries, logging.

`open_session(settings)` gives a Session; `Session.request` gives whatever the server responds, also
a rejection, and raises NetError where there is no response that can be read. Reads are retried by
the policy in `retry.py`. A change is sent once: a response may be lost after the server has acted,
so whoever sends a change has to look up what became of it.
"""

from __future__ import annotations

import logging
import random
import time
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

import requests
from urllib3.exceptions import HTTPError

from fhir_kb.net.errors import NetError
from fhir_kb.net.failures import failure, reason, tries_allowed
from fhir_kb.net.redaction import redacted_url, scrubbed, scrubbed_text
from fhir_kb.net.response import Response
from fhir_kb.net.retry import Attempts, retry_after_seconds
from fhir_kb.net.settings import SessionSettings
from fhir_kb.net.transport import Transport
from fhir_kb.net.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

_UNAUTHORIZED: Final = 401
_CHUNK: Final = 2**16
_MAX_PAGE: Final = 2**20
_JITTER: Final = random.SystemRandom().random
_LOG: Final = logging.getLogger(__name__)


def open_session(
    settings: SessionSettings | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = _JITTER,
) -> Session:
    """A session; nothing is sent yet. Close it, or use it as a context manager.

    Args:
        settings: How the server is reached; None for the defaults.
        sleep: Waits between tries; tests pass their own.
        jitter: How uneven the waits are, from 0 to 1.
    """
    return Session(settings or SessionSettings(), sleep, jitter)


class Session:
    """See `open_session`. May be used by several threads."""

    def __init__(
        self,
        settings: SessionSettings,
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._sleep = sleep
        self._jitter = jitter
        self._transport = Transport(settings)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        retry: bool = True,
        retry_if: Callable[[Response], str] | None = None,
        max_response: int | None = None,
    ) -> Response:
        """The response, whatever its status; of several tries, that to the last.

        Args:
            method: Such as "GET".
            url: Where to.
            headers: Beside those of the credentials.
            content: The body.
            retry: False for a change: it is sent once.
            retry_if: Why a response is to be requested again, besides the statuses of the settings;
                "" for one that is usable.
            max_response: In bytes; None: as the settings say.

        Raises:
            NetError: There is no response, or it breaks off or is too long. What was sent may have
                reached the server.
        """
        limit = self.settings.max_response if max_response is None else max_response

        def receive(response: requests.Response, attempts: Attempts) -> Response:
            return self.received(method, response, attempts, limit)

        return self.exchange(
            method, url, headers or {}, content, receive, retry=retry, retry_if=retry_if
        )

    def received(
        self, method: str, response: requests.Response, attempts: Attempts, limit: int
    ) -> Response:
        """The response, read to its end. Raises NetError: see `chunks`."""
        body = b"".join(self.chunks(response, limit, decoded=True))
        headers = {name.lower(): value for name, value in response.headers.items()}
        if self.settings.scrubs:
            body = scrubbed(body)
            headers = {name: scrubbed_text(value) for name, value in headers.items()}
        url = redacted_url(response.url)
        _LOG.debug("%s %s: %d bytes", method, url, len(body))
        return Response(
            response.status_code,
            headers,
            body,
            url,
            method,
            attempts.number,
            attempts.seconds,
            url if response.history else "",
        )

    def page_of(self, response: requests.Response) -> str:
        """What a rejection came with, where it is a web page; see `Response.page`."""
        try:
            body = b"".join(self.chunks(response, _MAX_PAGE, decoded=True))
        except (NetError, requests.RequestException, HTTPError):
            return ""
        headers = {"content-type": response.headers.get("Content-Type", "")}
        return Response(response.status_code, headers, body, "").page

    def attempts(self, method: str, url: str) -> Attempts:
        """The tries of a request, for who sends it with `retry=False` and decides by himself."""
        return Attempts(self.settings.retry, method, url, sleep=self._sleep, jitter=self._jitter)

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        receive: Callable[[requests.Response, Attempts], T],
        *,
        retry: bool,
        retry_if: Callable[[T], str] | None = None,
        may_leave: bool = False,
    ) -> T:
        """What `receive` makes of the response; it may be called once for every try.

        may_leave: see `Transport.send`.
        """
        split_url(url)
        attempts = self.attempts(method, url)
        renewed = False
        while True:
            attempts.begin()
            try:
                response = self._transport.send(
                    method, url, headers, content, attempts.number, may_leave=may_leave
                )
            except (requests.RequestException, HTTPError) as error:
                reached = self._transport.has_reached(url)
                tries = tries_allowed(error, reached=reached)
                if retry and attempts.wait(reason(error, url)[0], tries=tries):
                    continue
                raise failure(error, method, url, attempts.summary(), reached=reached) from None
            with response:
                status = response.status_code
                if status == _UNAUTHORIZED and not renewed and self.settings.credentials.renew():
                    renewed = True  # the server has done nothing: also a change may be sent again
                    continue
                waits = retry and status in self.settings.retry_statuses
                pause = retry_after_seconds(response.headers.get("Retry-After", ""))
                if waits and attempts.wait(_busy_text(status), pause):
                    continue
                try:
                    received = receive(response, attempts)
                except (requests.RequestException, HTTPError) as error:
                    if retry and attempts.wait(reason(error, url)[0]):
                        continue
                    raise failure(error, method, url, attempts.summary()) from None
            why = retry_if(received) if retry and retry_if is not None and not waits else ""
            if not why or not attempts.wait(why, pause):
                return received

    def chunks(self, response: requests.Response, limit: int, *, decoded: bool) -> Iterator[bytes]:
        """The content in pieces. Raises NetError where it is too long or takes too long.

        decoded: False for a file, which may take as long as it takes at the slowest pace.
        """
        end = time.monotonic() + self.settings.whole_timeout if decoded else inf
        size = 0
        pieces: Iterator[bytes] = (
            response.iter_content(_CHUNK)
            if decoded
            else response.raw.stream(_CHUNK, decode_content=False)
        )
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise NetError(
                    f"{redacted_url(response.url)}: the response has more than "
                    f"{max(1, limit // 2**20)} MB",
                    "Check that the address is the right one",
                )
            if time.monotonic() > end:
                raise NetError(
                    f"{redacted_url(response.url)}: the response takes longer than "
                    f"{self.settings.whole_timeout:.0f} s",
                    "Try again when the network is faster",
                )
            yield piece


def _busy_text(status: int) -> str:
    return f"the server is busy (HTTP {status})"
