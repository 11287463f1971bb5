"""What to say where a request fails: method, URL without secrets, HTTP status, tries."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from requests import exceptions
from urllib3.exceptions import HTTPError

from fhir_kb.net.errors import NetError
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.response import status_text
from fhir_kb.net.urls import split_url

if TYPE_CHECKING:
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
_OVERLOADED: Final = "The server is overloaded or down: try again later, or ask its operator"


def rejection(method: str, url: str, status: int, tries: str = "") -> NetError:
    """The error for a response that is no success. tries: such as "tried 6 times in 31 s"."""
    advice = _ADVICE.get(status, _OVERLOADED if status >= 500 else "Check the address")
    text = f"{method} {redacted_url(url)}: {status_text(status)}"
    return NetError(text + (tries and f" ({tries})"), advice, status)


def failure(
    error: RequestException | HTTPError, method: str, url: str, tries: str = ""
) -> NetError:
    """The error for no response. What the library says is left out: it may hold a password."""
    text, advice = reason(error, url)
    text = f"{method} {redacted_url(url)}: {text}"
    failed = NetError(text + (tries and f" ({tries})"), advice)
    failed.is_transient = is_transient(error)
    return failed


def is_transient(error: RequestException | HTTPError) -> bool:
    """Whether a retry may help: a wrong certificate stays wrong."""
    lasting = (exceptions.SSLError, exceptions.InvalidURL)
    return isinstance(error, _TRANSIENT) and not isinstance(error, lasting)


def reason(error: RequestException | HTTPError, url: str) -> tuple[str, str]:
    """What happened, and what to do about it."""
    host = split_url(url).hostname
    if isinstance(error, exceptions.ProxyError):
        return "the proxy cannot be reached, or refuses", "Check the proxy's address"
    if isinstance(error, exceptions.SSLError):
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
    cause: BaseException | None = error
    while cause is not None:
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
        cause = cause.__cause__ or cause.__context__
    return f"{host} cannot be reached", "Check the network and the address"
