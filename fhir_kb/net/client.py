"""A client for servers that are only read: responses of success or an error, files of any size."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from fhir_kb.net.access import Access
from fhir_kb.net.errors import OfflineError
from fhir_kb.net.failures import rejection
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.retry import UNAVAILABLE, RetryPolicy
from fhir_kb.net.session import Session, open_session
from fhir_kb.net.settings import MAX_RESPONSE, SessionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import requests

    from fhir_kb.net.response import Response
    from fhir_kb.net.retry import Attempts

T = TypeVar("T")

WHOLE_TIMEOUT: Final = 900.0
_RETRY_STATUSES: Final = UNAVAILABLE | {500}


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A file that was downloaded."""

    size: int
    sha1: str
    """In hexadecimal, as all digests."""
    sha256: str
    sha512: str
    url: str
    """Where it came from after all redirects."""


class Client:
    """Reads from servers. Not for changes: every request may be sent again."""

    def __init__(
        self,
        access: Access | None = None,
        *,
        offline: bool = False,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Set up the client; nothing is sent yet.

        Args:
            access: Token, certificates and proxy.
            offline: Whether every request raises OfflineError and opens no socket.
            retry: None for the usual policy.
            sleep: Waits between tries; tests pass their own.
        """
        self._access = access or Access()
        self._offline = offline
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self._opened: Session | None = None

    def get(
        self, url: str, *, accept: str = "application/json", max_response: int = MAX_RESPONSE
    ) -> Response:
        """The response, if it is one of success. Raises NetError."""
        return self._response("GET", url, {"Accept": accept}, None, max_response)

    def post(
        self,
        url: str,
        content: bytes,
        *,
        content_type: str,
        accept: str = "application/json",
        max_response: int = MAX_RESPONSE,
    ) -> Response:
        """The response to `content`, for reads only: it may be sent twice. Raises NetError."""
        headers = {"Accept": accept, "Content-Type": content_type}
        return self._response("POST", url, headers, content, max_response)

    def download(
        self, url: str, target: Path, *, max_size: int, may_leave: bool = False
    ) -> DownloadedFile:
        """Write what is at `url` to a file, as it was sent.

        The file is not complete until this returns.

        Args:
            url: Where it is.
            target: The file to write.
            max_size: In bytes.
            may_leave: Whether a redirect to another https server is followed: only where the
                caller knows the file's digest.

        Raises:
            NetError: There is no such file, or it is too large.
            OSError: It cannot be written.
        """

        def receive(response: requests.Response, _: Attempts) -> DownloadedFile:
            digests = [hashlib.sha1(usedforsecurity=False), hashlib.sha256(), hashlib.sha512()]
            size = 0
            with target.open("wb") as file:
                for chunk in self._session().chunks(response, max_size, decoded=False):
                    size += len(chunk)
                    file.write(chunk)
                    for digest in digests:
                        digest.update(chunk)
            sha1, sha256, sha512 = (digest.hexdigest() for digest in digests)
            return DownloadedFile(size, sha1, sha256, sha512, redacted_url(response.url))

        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        return self._exchange("GET", url, headers, None, receive, may_leave=may_leave)

    def _response(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        max_response: int,
    ) -> Response:
        def receive(response: requests.Response, attempts: Attempts) -> Response:
            return self._session().received(method, response, attempts, max_response)

        return self._exchange(method, url, headers, content, receive)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        receive: Callable[[requests.Response, Attempts], T],
        *,
        may_leave: bool = False,
    ) -> T:
        """What `receive` makes of a response of success."""
        if self._offline:
            raise OfflineError(
                f"{method} {redacted_url(url)} is not sent: this run is offline",
                "Leave out --offline",
            )

        def receive_success(response: requests.Response, attempts: Attempts) -> T:
            if not response.ok:
                page = self._session().page_of(response)
                raise rejection(method, url, response.status_code, attempts.summary(), page)
            return receive(response, attempts)

        return self._session().exchange(
            method, url, headers, content, receive_success, retry=True, may_leave=may_leave
        )

    def _session(self) -> Session:
        if self._opened is None:
            settings = SessionSettings(
                self._access,
                ca_file=self._access.ca_file,
                proxy=self._access.proxy,
                whole_timeout=WHOLE_TIMEOUT,
                retry=self._retry,
                retry_statuses=_RETRY_STATUSES,
            )
            self._opened = open_session(settings, sleep=self._sleep)
        return self._opened
