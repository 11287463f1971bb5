"""Which redirects are followed: those of reads, within the origin.

A change is never sent on: nobody has said that the other address may be changed. A read whose
answer is believed stays at the server that the user named (scheme, host and port). Only a file
whose digest is known may come from elsewhere, such as a CDN, over https.
https://www.rfc-editor.org/rfc/rfc9110#section-15.4
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from fhir_kb.net.errors import NetError
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.response import status_text
from fhir_kb.net.urls import join_url, origin_of, split_url, without_user

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REDIRECTS: Final = 5
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_READS: Final = frozenset({"GET", "HEAD"})
_LEGAL: Final = "!#$%&'()*+,/:;=?@[]~"
"""What a Location may hold beside letters, digits and -._ (RFC 3986); the rest is encoded."""


class RedirectedError(NetError):
    """The server sends a request elsewhere, where it is not sent."""

    target: str
    """Where to, without secrets; "" for nowhere."""

    def __init__(self, message: str, advice: str, status: int, target: str = "") -> None:
        super().__init__(message, advice, status)
        self.target = target


def redirect_target(
    method: str, url: str, status: int, headers: Mapping[str, str], *, may_leave: bool
) -> str:
    """Where a request is to be sent instead.

    Args:
        method: Such as "GET".
        url: Where it was sent.
        status: Of the response, one of REDIRECTS.
        headers: Of the response.
        may_leave: Whether another https server will do.

    Raises:
        RedirectedError: It is sent nowhere else.
    """
    start = f"{method} {redacted_url(url)}: {status_text(status)}"
    target = _target(start, url, status, headers.get("Location") or "")
    shown = redacted_url(target)
    leaves = origin_of(target) != origin_of(url)
    if method not in _READS:
        where = "another server, " if leaves else ""
        raise RedirectedError(
            f"{start} to {where}'{shown}'; only reads follow a redirect",
            f"Use the address '{shown}'" + (", if you trust it with your data" if leaves else ""),
            status,
            shown,
        )
    if not leaves:
        return target
    if split_url(url).scheme == "https" and split_url(target).scheme != "https":
        raise RedirectedError(
            f"{start} to '{shown}', which is not encrypted",
            "Tell the operator of the server",
            status,
            shown,
        )
    if may_leave and split_url(target).scheme == "https":
        return target
    raise RedirectedError(
        f"{start} to another server, '{shown}'",
        f"Use the address '{shown}', if that is the server that you mean",
        status,
        shown,
    )


def too_many(method: str, url: str, status: int) -> RedirectedError:
    """The error for a chain of redirects without an end."""
    return RedirectedError(
        f"{method} {redacted_url(url)}: too many redirects (more than {MAX_REDIRECTS})",
        "Check the address",
        status,
    )


def _target(start: str, url: str, status: int, location: str) -> str:
    """The absolute address that a Location header means. User and password in it are left out."""
    if not location.strip():
        raise RedirectedError(
            f"{start} without saying where to (no Location)",
            "Tell the operator of the server",
            status,
        )
    if "\\" in location or any(ord(letter) < 32 or ord(letter) == 127 for letter in location):
        raise RedirectedError(
            f"{start} to an address that cannot be read, with control characters or a backslash",
            "Tell the operator of the server",
            status,
        )
    try:
        # the header's bytes are read as Latin-1; those of other letters are UTF-8
        written = location.strip().encode("latin-1")
    except UnicodeEncodeError:
        written = location.strip().encode()
    target = join_url(url, quote(written, safe=_LEGAL))
    try:
        split_url(target)
        return without_user(urlsplit(target)._replace(fragment="").geturl())
    except (NetError, ValueError):
        raise RedirectedError(
            f"{start} to '{redacted_url(target)}', which is not a web address",
            "Tell the operator of the server",
            status,
        ) from None
