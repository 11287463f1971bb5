"""Asking servers: verified TLS, bounded answers, patience with the busy, no secret to strangers."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError, OfflineError
from fhir_kb.net.failures import failure, refusal
from fhir_kb.net.urls import joined, origin_of, shown, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

MAX_ANSWER: Final = 64 * 2**20
MAX_REDIRECTS: Final = 5
MAX_WAIT: Final = 60.0
CONNECT_TIMEOUT: Final = 10.0
READ_TIMEOUT: Final = 60.0
WHOLE_TIMEOUT: Final = 900.0
TRIES: Final = 4
AGENT: Final = "fhir-kb"
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 2**16


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. headers: names in lower case. url: where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


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
        self._session: requests.Session | None = None

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

        def receive(response: requests.Response) -> Received:
            hashes = [hashlib.sha1(usedforsecurity=False), hashlib.sha256(), hashlib.sha512()]
            size = 0
            with target.open("wb") as file:
                for chunk in self._chunks(response, most, decoded=False):
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
        def receive(response: requests.Response) -> Answer:
            return Answer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                b"".join(self._chunks(response, most, decoded=True)),
                shown(response.url),
            )

        return self._ask(method, url, headers, content, receive)

    def _ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        content: bytes | None,
        receive: Callable[[requests.Response], T],
    ) -> T:
        """Ask as often as it may help, and take what comes of it."""
        if self._offline:
            raise OfflineError(
                f"'{shown(url)}' is not asked: this run is offline", "Leave out --offline"
            )
        split(url)
        for number in range(1, self._tries + 1):
            try:
                response = self._moved_to(method, url, headers, content)
            except requests.RequestException as error:
                if number == self._tries or not _is_passing(error):
                    raise failure(error, url) from None
                self._sleep(_pause(number, ""))
                continue
            with response:
                if response.status_code in _AGAIN and number < self._tries:
                    self._sleep(_pause(number, response.headers.get("Retry-After", "")))
                    continue
                if not response.ok:
                    raise refusal(response.status_code, url)
                try:
                    return receive(response)
                except (requests.RequestException, HTTPError) as error:
                    if number == self._tries:
                        raise failure(error, url) from None
            self._sleep(_pause(number, ""))
        raise AssertionError("the last try returns or raises")

    def _moved_to(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None
    ) -> requests.Response:
        """The answer at the end of all redirections; each host gets only what is for it."""
        here = url
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(method, here, headers, content)
            if response.status_code not in _MOVED or "Location" not in response.headers:
                return response
            response.close()
            there = joined(here, response.headers["Location"])
            if split(there).scheme != "https" and split(here).scheme == "https":
                raise NetError(
                    f"'{shown(here)}' leads to '{shown(there)}', which is not encrypted",
                    "Tell whoever runs the server",
                )
            if content is not None and origin_of(there) != origin_of(here):
                raise NetError(
                    f"'{shown(here)}' leads to another server, '{shown(there)}'",
                    "Give the address of that one, if you trust it with your data",
                )
            here = there
        raise NetError(f"'{shown(url)}' leads on and on", "Check the address")

    def _send(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None
    ) -> requests.Response:
        if self._session is None:
            self._session = _Session()
            self._session.trust_env = False  # ~/.netrc would give passwords to whoever is asked
        return self._session.request(
            method,
            url,
            data=content,
            headers={"User-Agent": AGENT, **headers, **self._access.headers_for(url)},
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,
            stream=True,
            verify=self._certificates(),
            proxies=self._proxies(url),
        )

    def _certificates(self) -> str | bool:
        named = self._access.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or ""
        if named and not Path(named).exists():
            raise NetError(f"there is no file with certificates '{named}'", "Mend its path (ca)")
        return named or True

    def _proxies(self, url: str) -> dict[str, str]:
        if self._access.proxy:
            return {"http": self._access.proxy, "https": self._access.proxy}
        return dict(get_environ_proxies(url))

    @staticmethod
    def _chunks(response: requests.Response, most: int, *, decoded: bool) -> Iterator[bytes]:
        """The content in pieces. Raises NetError where it is too much or takes too long."""
        end = time.monotonic() + WHOLE_TIMEOUT
        size = 0
        pieces: Iterator[bytes] = (
            response.iter_content(_CHUNK)
            if decoded
            else response.raw.stream(_CHUNK, decode_content=False)
        )
        for piece in pieces:
            size += len(piece)
            if size > most:
                raise NetError(
                    f"'{shown(response.url)}' sends more than {max(1, most // 2**20)} MB",
                    "Check that the address is the right one",
                )
            if time.monotonic() > end:
                raise NetError(
                    f"'{shown(response.url)}' takes longer than {WHOLE_TIMEOUT:.0f} s",
                    "Try again when the network is faster",
                )
            yield piece


class _Session(requests.Session):
    """A session that leaves redirections to us: it would read all of their content first."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, whatever the answer says."""


def _is_passing(error: requests.RequestException) -> bool:
    """Whether asking again may help: a wrong certificate stays wrong."""
    lasting = (requests.exceptions.SSLError, requests.exceptions.InvalidURL)
    return isinstance(error, requests.ConnectionError | requests.Timeout) and not isinstance(
        error, lasting
    )


def _pause(number: int, retry_after: str) -> float:
    """Seconds to wait after try `number`: what the server says, within reason, or ever longer."""
    if retry_after.isdecimal() and len(retry_after) < 6:
        return min(float(retry_after), MAX_WAIT)
    return min(0.5 * 2.0 ** (number - 1), MAX_WAIT)
