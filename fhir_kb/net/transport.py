"""Sending one request: TLS, proxy, redirects, the log."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from fhir_kb.net.errors import NetError
from fhir_kb.net.failures import reason
from fhir_kb.net.pace import Pace, PacedAdapter, begin
from fhir_kb.net.redaction import protect, protect_url, redacted_headers, redacted_url
from fhir_kb.net.redirects import MAX_REDIRECTS, REDIRECTS, redirect_target, too_many
from fhir_kb.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.net.settings import SessionSettings

USER_AGENT: Final = "fhir-kb"
_LOG: Final = logging.getLogger(__name__)


class Transport:
    """Sends single requests over kept connections. May be used by several threads."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._proxies: dict[str, dict[str, str]] = {}
        self._reached: set[str] = set()
        self._session = _Requests()
        self._session.trust_env = False  # ~/.netrc would give passwords to whoever is asked
        self._session.mount("https://", PacedAdapter())
        self._session.mount("http://", PacedAdapter())

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        number: int,
        *,
        may_leave: bool = False,
    ) -> requests.Response:
        """The response at the end of all redirects; each host gets only what is for it.

        Args:
            method: Such as "GET".
            url: Where to.
            headers: Beside those of the credentials.
            content: The body.
            number: Of the try, for the log.
            may_leave: Whether the answer may come from another https server; see `redirects.py`.

        Raises:
            RedirectedError: A redirect is not followed.
            NetError: A certificate is missing.
            RequestException: There is no response; see `reason`.
        """
        current = url
        before: list[requests.Response] = []
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(method, current, headers, content, number)
            self._reached.add(origin_of(current))
            if response.status_code not in REDIRECTS:
                response.history = before
                return response
            response.close()
            before.append(response)
            current = redirect_target(
                method, current, response.status_code, response.headers, may_leave=may_leave
            )
        raise too_many(method, url, response.status_code)

    def has_reached(self, url: str) -> bool:
        """Whether the server of this address has answered before."""
        return origin_of(url) in self._reached

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        number: int,
    ) -> requests.Response:
        protect_url(url)
        sent = {
            "User-Agent": USER_AGENT,
            **headers,
            **self._settings.credentials.headers_for(url),
        }
        shown = redacted_url(url, query=True)
        if _LOG.isEnabledFor(logging.DEBUG):
            size = len(content or b"")
            _LOG.debug("%s %s: %d bytes, %s", method, shown, size, redacted_headers(sent))
        start = time.perf_counter()
        begin(self._pace(f"{method} {redacted_url(url)}"))
        try:
            response = self._session.request(
                method,
                url,
                data=content,
                headers=sent,
                timeout=(self._settings.connect_timeout, self._settings.read_timeout),
                allow_redirects=False,
                stream=True,
                verify=self._certificates(),
                cert=self._client_certificate(url),
                proxies=self._proxies_for(url),
            )
        except (requests.RequestException, HTTPError) as error:
            _LOG.info(
                "%s %s: %s (%d ms, try %d)",
                method, shown, reason(error, url)[0], _milliseconds(start), number,
            )  # fmt: skip
            raise
        protect(*(cookie.value for cookie in response.cookies if cookie.value))
        _LOG.info(
            "%s %s: HTTP %d (%d ms, try %d)",
            method, shown, response.status_code, _milliseconds(start), number,
        )  # fmt: skip
        if _LOG.isEnabledFor(logging.DEBUG):
            _LOG.debug("%s %s: response: %s", method, shown, redacted_headers(response.headers))
        return response

    def _pace(self, request: str) -> Pace:
        settings = self._settings
        return Pace(request, settings.read_timeout, settings.grace, settings.slowest)

    def _certificates(self) -> str | bool:
        named = self._settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or ""
        if named and not Path(named).exists():
            raise NetError(f"there is no file with certificates '{named}'", "Correct its path (ca)")
        return named or True

    def _client_certificate(self, url: str) -> str | tuple[str, str] | None:
        """The client certificate, for our server only."""
        settings = self._settings
        if not settings.certificate or origin_of(url) != origin_of(settings.server):
            return None
        for name in filter(None, (settings.certificate, settings.key)):
            if not Path(name).is_file():
                raise NetError(f"there is no client certificate '{name}'", "Correct its path")
        return (settings.certificate, settings.key) if settings.key else settings.certificate

    def _proxies_for(self, url: str) -> dict[str, str]:
        origin = origin_of(url)
        if origin not in self._proxies:
            named = self._settings.proxy
            proxies = {"http": named, "https": named} if named else dict(get_environ_proxies(url))
            for proxy in proxies.values():
                protect_url(proxy)
            self._proxies[origin] = proxies
        return self._proxies[origin]


class _Requests(requests.Session):
    """A session that leaves redirects to us: it would read all of their content first."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, whatever the response says."""


def _milliseconds(start: float) -> int:
    return round((time.perf_counter() - start) * 1000)
