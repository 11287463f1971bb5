"""What `requests` and servers say when it does not work, as people say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requests import exceptions

from fhir_kb.net.errors import NetError
from fhir_kb.net.urls import shown, split

if TYPE_CHECKING:
    from requests import RequestException
    from urllib3.exceptions import HTTPError

_STATUS = {
    401: ("asks for a login", "Set a token for it; see docs/packages.md"),
    403: ("does not let us in", "Ask for access, or set another token; see docs/packages.md"),
    404: ("does not have it", "Check the address and the name"),
    407: ("is behind a proxy that asks for a login", "Put user and password into the proxy's URL"),
    429: ("is asked too often", "Try again later"),
}


def refusal(status: int, url: str) -> NetError:
    """The error for an answer that is no success."""
    what, advice = _STATUS.get(
        status, (f"answers {status}", "Try again later, or check the address")
    )
    return NetError(f"'{shown(url)}': the server {what} (HTTP {status})", advice, status)


def failure(error: RequestException | HTTPError, url: str) -> NetError:
    """The error for no answer. What the library says is left out: it may hold a password."""
    host = split(url).hostname
    if isinstance(error, exceptions.ProxyError):
        what, advice = "the proxy does not answer or refuses", "Check the proxy's address"
    elif isinstance(error, exceptions.SSLError):
        what = f"the certificate of {host} cannot be trusted"
        advice = (
            "Name your own CA's certificates (ca), if it is a server of yours; see docs/packages.md"
        )
    elif isinstance(error, exceptions.Timeout):
        what, advice = f"{host} takes too long to answer", "Try again later"
    elif isinstance(error, exceptions.ConnectionError):
        what, advice = f"{host} cannot be reached", "Check the network and the address"
    else:
        what, advice = f"the answer of {host} broke off or makes no sense", "Try again"
    return NetError(f"'{shown(url)}': {what}", advice)
