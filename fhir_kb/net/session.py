"""One conversation with a server: verified TLS, bounded answers, patience, no secret to strangers.

`open_session(settings)` gives a Session; `Session.ask` gives whatever the server answers, also a
refusal, and raises NetError where there is no answer that can be read. Questions are repeated while
that may help. What changes something on the server is sent once: whoever sends it has to look up
what became of it, because an answer may be lost after the server has acted.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError
from fhir_kb.net.failures import failure
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
TRIES: Final = 5
AGENT: Final = "fhir-kb"
BUSY: Final = frozenset({429, 502, 503, 504})
"""What a server or something before it says when it has no time: asking again may help."""
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD: Final = frozenset({307, 308})
_UNAUTHORIZED: Final = 401
_CHUNK: Final = 2**16
_CONNECTIONS: Final = 16
_UNEVENLY: Final = random.SystemRandom().random


class Credentials(Protocol):
    """What lets us in."""

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The headers for a request to `url`; none where they do not belong. Raises NetError."""

    def renew(self) -> bool:
        """The server did not accept the last ones: whether there will be other ones now."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How a server is reached.

    ca_file: certificates (PEM) to trust; "" for the usual ones, or those that REQUESTS_CA_BUNDLE
    names. certificate, key: files (PEM) that show the server who we are; key "" where the first
    holds both. proxy: "" for what HTTPS_PROXY and NO_PROXY say. tries: of a question. again: the
    statuses after which it is asked again. whole_timeout: seconds for all of an answer.
    """

    credentials: Credentials = field(default_factory=Access, repr=False)
    server: str = ""
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    proxy: str = field(default="", repr=False)
    connect_timeout: float = CONNECT_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    whole_timeout: float = WHOLE_TIMEOUT
    max_answer: int = MAX_ANSWER
    tries: int = TRIES
    again: frozenset[int] = BUSY


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. headers: names in lower case. url: where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


def open_session(
    settings: SessionSettings | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = _UNEVENLY,
) -> Session:
    """A session. sleep, jitter: how to wait between tries, and how unevenly (from 0 to 1).

    Nothing is sent yet. Close it, or use it as a context manager.
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
        self._ways: dict[str, dict[str, str]] = {}
        self._session = _Requests()
        self._session.trust_env = False  # ~/.netrc would give passwords to whoever is asked
        self._session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=_CONNECTIONS))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self._session.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        repeat: bool = True,
        most: int | None = None,
    ) -> Answer:
        """What the server answers, whatever its status; to questions that is the last try's.

        repeat: whether it is a question, which may be asked twice; False: it is sent once. most:
        bytes of an answer; None: as the settings say. Raises NetError where no answer comes, or one
        that breaks off or is too long; something that was sent may have reached the server then.
        """
        limit = self.settings.max_answer if most is None else most

        def receive(response: requests.Response) -> Answer:
            return Answer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                b"".join(self.chunks(response, limit, decoded=True)),
                shown(response.url),
            )

        return self.exchange(method, url, headers or {}, content, receive, repeat=repeat)

    def pause(self, number: int, retry_after: str = "") -> None:
        """Wait after try `number`: as long as the server says, within reason, or ever longer."""
        self._sleep(pause(number, retry_after, self._jitter()))

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        receive: Callable[[requests.Response], T],
        *,
        repeat: bool,
    ) -> T:
        """What `receive` makes of the answer; it may be called once for every try."""
        split(url)
        tries = self.settings.tries if repeat else 1
        renewed = False
        number = 0
        while True:
            number += 1
            try:
                response = self._moved_to(method, url, headers, content, repeat=repeat)
            except (requests.RequestException, HTTPError) as error:
                if number >= tries or not _is_passing(error):
                    raise failure(error, url) from None
                self.pause(number)
                continue
            with response:
                status = response.status_code
                if status == _UNAUTHORIZED and not renewed and self.settings.credentials.renew():
                    renewed = True  # nothing was done: this does not count, not even for changes
                    number -= 1
                    continue
                if status in self.settings.again and number < tries:
                    self.pause(number, response.headers.get("Retry-After", ""))
                    continue
                try:
                    return receive(response)
                except (requests.RequestException, HTTPError) as error:
                    if number >= tries:
                        raise failure(error, url) from None
            self.pause(number)

    def chunks(self, response: requests.Response, most: int, *, decoded: bool) -> Iterator[bytes]:
        """The content in pieces. Raises NetError where it is too much or takes too long."""
        end = time.monotonic() + self.settings.whole_timeout
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
                limit = self.settings.whole_timeout
                raise NetError(
                    f"'{shown(response.url)}' takes longer than {limit:.0f} s",
                    "Try again when the network is faster",
                )
            yield piece

    def _moved_to(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        repeat: bool,
    ) -> requests.Response:
        """The answer at the end of all redirections; each host gets only what is for it."""
        here = url
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(method, here, headers, content)
            if response.status_code not in _MOVED or "Location" not in response.headers:
                return response
            response.close()
            there = joined(here, response.headers["Location"])
            _check_way(here, there, content)
            if not repeat and response.status_code not in _SAME_METHOD:
                raise NetError(
                    f"'{shown(here)}' has moved to '{shown(there)}'", "Give its new address"
                )
            here = there
        raise NetError(f"'{shown(url)}' leads on and on", "Check the address")

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> requests.Response:
        return self._session.request(
            method,
            url,
            data=content,
            headers={
                "User-Agent": AGENT,
                **headers,
                **self.settings.credentials.headers_for(url),
            },
            timeout=(self.settings.connect_timeout, self.settings.read_timeout),
            allow_redirects=False,
            stream=True,
            verify=self._certificates(),
            cert=self._who_we_are(url),
            proxies=self._proxies(url),
        )

    def _certificates(self) -> str | bool:
        named = self.settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or ""
        if named and not Path(named).exists():
            raise NetError(f"there is no file with certificates '{named}'", "Mend its path (ca)")
        return named or True

    def _who_we_are(self, url: str) -> str | tuple[str, str] | None:
        """The client certificate, for our server only."""
        settings = self.settings
        if not settings.certificate or origin_of(url) != origin_of(settings.server):
            return None
        for name in filter(None, (settings.certificate, settings.key)):
            if not Path(name).is_file():
                raise NetError(f"there is no client certificate '{name}'", "Mend its path")
        return (settings.certificate, settings.key) if settings.key else settings.certificate

    def _proxies(self, url: str) -> dict[str, str]:
        if self.settings.proxy:
            return {"http": self.settings.proxy, "https": self.settings.proxy}
        origin = origin_of(url)
        if origin not in self._ways:
            self._ways[origin] = dict(get_environ_proxies(url))
        return self._ways[origin]


class _Requests(requests.Session):
    """A session that leaves redirections to us: it would read all of their content first."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, whatever the answer says."""


def pause(number: int, retry_after: str, jitter: float = 0.0) -> float:
    """Seconds to wait after try `number`: what the server says, within reason, or ever longer.

    jitter: from 0 to 1; waits become up to half as long again, so that clients do not come back all
    at once.
    """
    said = seconds_of(retry_after)
    return min(said or 0.5 * 2.0 ** (min(number, 16) - 1), MAX_WAIT) * (1 + jitter / 2)


def seconds_of(retry_after: str) -> float:
    """What a Retry-After header asks for, in seconds from now; 0 for the past and for nonsense."""
    if retry_after.isdecimal():
        return min(float(retry_after[:6]), MAX_WAIT)
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    zoned = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())


def _check_way(here: str, there: str, content: bytes | None) -> None:
    """Raises NetError for a redirection that we do not follow."""
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


def _is_passing(error: requests.RequestException | HTTPError) -> bool:
    """Whether asking again may help: a wrong certificate stays wrong."""
    lasting = (requests.exceptions.SSLError, requests.exceptions.InvalidURL)
    passing = (requests.ConnectionError, requests.Timeout, HTTPError)
    return isinstance(error, passing) and not isinstance(error, lasting)
