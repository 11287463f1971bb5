"""What to say where a request fails: method, URL without secrets, HTTP status, tries."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING, Final

from requests import exceptions
from urllib3.exceptions import HTTPError

from fhir_kb.net.errors import NetError
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.response import status_text
from fhir_kb.net.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import RequestException

_ADVICE: Final = {
    401: "The server asks for a login. Set a token for it; see docs/packages.md",
    403: "Ask for access, or set another token; see docs/packages.md",
    404: "Check the address and the name",
    407: "The proxy asks for a login: put user and password into the proxy's URL",
    429: "The server limits the number of requests: try again later",
}
_TRANSIENT: Final = (
    exceptions.ConnectionError, exceptions.Timeout, exceptions.ChunkedEncodingError, HTTPError,
)  # fmt: skip
_NOBODY_THERE: Final = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})
_OVERLOADED: Final = "The server is overloaded or down: try again later, or ask its operator"


def rejection(method: str, url: str, status: int, tries: str = "", page: str = "") -> NetError:
    """The error for a response that is no success.

    tries: such as "tried 6 times in 31 s". page: what came, such as "an HTML page 'Forbidden'".
    """
    advice = _ADVICE.get(status, _OVERLOADED if status >= 500 else "Check the address")
    text = f"{method} {redacted_url(url)}: {status_text(status)}" + (page and f" with {page}")
    return NetError(text + (tries and f" ({tries})"), advice, status)


def failure(
    error: RequestException | HTTPError,
    method: str,
    url: str,
    tries: str = "",
    *,
    reached: bool = False,
) -> NetError:
    """The error for no response. What the library says is left out: it may hold a password.

    tries: such as "tried 6 times in 31 s". reached: see `tries_allowed`.
    """
    text, advice = reason(error, url)
    text = f"{method} {redacted_url(url)}: {text}"
    failed = NetError(text + (tries and f" ({tries})"), advice)
    failed.tries = tries_allowed(error, reached=reached)
    return failed


def is_transient(error: RequestException | HTTPError) -> bool:
    """Whether a retry may help: a wrong certificate stays wrong."""
    lasting = (exceptions.SSLError, exceptions.InvalidURL)
    return isinstance(error, _TRANSIENT) and not isinstance(error, lasting)


def tries_allowed(error: RequestException | HTTPError, *, reached: bool) -> int | None:
    """How often a request may be sent that fails so; None: as often as the policy says.

    Where nobody listens, nobody will in a moment: one short try more, but none for a name that does
    not exist or a certificate that cannot be trusted.

    Args:
        error: Why there is no response.
        reached: Whether the server has answered before; then it may be restarting.
    """
    if not is_transient(error):
        return 1
    if reached:
        return None
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return 2 if cause.errno == socket.EAI_AGAIN else 1
        if isinstance(cause, OSError) and cause.errno in _NOBODY_THERE:
            return 2
        if isinstance(cause, exceptions.ProxyError) and "407" in str(cause):
            return 1
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, as libraries nest them."""
    open_: list[BaseException] = [error]
    seen: set[int] = set()
    while open_:
        current = open_.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        nested = (current.__cause__, current.__context__, getattr(current, "reason", None))
        open_ += [inner for inner in (*nested, *current.args) if isinstance(inner, BaseException)]


def reason(error: RequestException | HTTPError, url: str) -> tuple[str, str]:
    """What happened, and what to do about it."""
    host = split_url(url).hostname
    if isinstance(error, exceptions.ProxyError):
        return "the proxy cannot be reached, or refuses", "Check the proxy's address"
    if isinstance(error, exceptions.SSLError):
        if not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
            return (
                f"there is no encrypted connection with {host}",
                "Check whether the address begins with http:// or https://, and the server's TLS",
            )
        return (
            f"the certificate of {host} cannot be trusted",
            "Name your own CA's certificates (ca) for a server of yours; see docs/packages.md",
        )
    if isinstance(error, exceptions.Timeout):
        return f"{host} did not respond in time", "Try again later"
    if isinstance(error, exceptions.ConnectionError):
        return _unreachable(error, str(host))
    return f"the response of {host} is incomplete or damaged", "Try again"


def _unreachable(error: BaseException, host: str) -> tuple[str, str]:
    """Why there is no connection, as far as the operating system says."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return (
                f"{host} cannot be reached: its name cannot be resolved",
                "Check the address, and the DNS of this machine",
            )
        if isinstance(cause, ConnectionRefusedError):
            return (
                f"{host} cannot be reached: connection refused",
                "Check the address and its port, and whether the server is running",
            )
    return f"{host} cannot be reached", "Check the network and the address"
