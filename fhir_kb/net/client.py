"""Asking servers for what they have: the answer or an error, and files of any size."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from fhir_kb.net.access import Access
from fhir_kb.net.errors import OfflineError
from fhir_kb.net.failures import refusal
from fhir_kb.net.session import (
    BUSY,
    MAX_ANSWER,
    Answer,
    Session,
    SessionSettings,
    open_session,
)
from fhir_kb.net.urls import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests import Response

__all__ = ["Answer", "Client", "Received"]

T = TypeVar("T")

WHOLE_TIMEOUT: Final = 900.0
TRIES: Final = 4
_AGAIN: Final = BUSY | {500}


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was fetched. Digests in hexadecimal. url: where it came from in the end."""

    size: int
    sha1: str
    sha256: str
    sha512: str
    url: str


class Client:
    """Speaks HTTP for one purpose. offline: every call raises OfflineError and opens no socket.

    sleep: how to wait between tries; tests pass their own.
    """

    def __init__(
        self,
        access: Access | None = None,
        *,
        offline: bool = False,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._access = access or Access()
        self._offline = offline
        self._tries = tries
        self._sleep = sleep
        self._opened: Session | None = None

    def get(self, url: str, *, accept: str = "application/json", most: int = MAX_ANSWER) -> Answer:
        """What the server has at `url`. Raises NetError, also for answers of more than `most`."""
        return self._answer("GET", url, {"Accept": accept}, None, most)

    def post(
        self,
        url: str,
        content: bytes,
        *,
        content_type: str,
        accept: str = "application/json",
        most: int = MAX_ANSWER,
    ) -> Answer:
        """What the server answers to `content`; for questions only: they may be asked twice.

        Raises NetError.
        """
        headers = {"Accept": accept, "Content-Type": content_type}
        return self._answer("POST", url, headers, content, most)

    def download(self, url: str, target: Path, *, most: int) -> Received:
        """Write what is at `url` to a file, as it was sent.

        The file is not complete until this returns. Raises NetError, or OSError of the disk.
        """

        def receive(response: Response) -> Received:
            hashes = [hashlib.sha1(usedforsecurity=False), hashlib.sha256(), hashlib.sha512()]
            size = 0
            with target.open("wb") as file:
                for chunk in self._session().chunks(response, most, decoded=False):
                    size += len(chunk)
                    file.write(chunk)
                    for each in hashes:
                        each.update(chunk)
            sha1, sha256, sha512 = (one.hexdigest() for one in hashes)
            return Received(size, sha1, sha256, sha512, shown(response.url))

        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        return self._ask("GET", url, headers, None, receive)

    def _answer(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None, most: int
    ) -> Answer:
        def receive(response: Response) -> Answer:
            return Answer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                b"".join(self._session().chunks(response, most, decoded=True)),
                shown(response.url),
            )

        return self._ask(method, url, headers, content, receive)

    def _ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        content: bytes | None,
        receive: Callable[[Response], T],
    ) -> T:
        """What comes of it, if the server does what it is asked for."""
        if self._offline:
            raise OfflineError(
                f"'{shown(url)}' is not asked: this run is offline", "Leave out --offline"
            )

        def granted(response: Response) -> T:
            if not response.ok:
                raise refusal(response.status_code, url)
            return receive(response)

        return self._session().exchange(method, url, headers, content, granted, repeat=True)

    def _session(self) -> Session:
        if self._opened is None:
            settings = SessionSettings(
                self._access,
                ca_file=self._access.ca_file,
                proxy=self._access.proxy,
                whole_timeout=WHOLE_TIMEOUT,
                tries=self._tries,
                again=_AGAIN,
            )
            self._opened = open_session(settings, sleep=self._sleep, jitter=lambda: 0.0)
        return self._opened
