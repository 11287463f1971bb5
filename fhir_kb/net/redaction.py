"""What of a request may be shown: in messages, in the log, in a trace that is sent to others.

URLs are shown without user, password and query values; headers only by an allow-list. Besides,
every secret that is used is kept here, in memory, and taken out of whatever is shown, because a
server may repeat it anywhere.
"""

from __future__ import annotations

import base64
import re
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIDDEN: Final = "…"
_SHORTEST_SECRET: Final = 4
_MAX_SECRETS: Final = 5000
"""Tokens are renewed for as long as a process runs; the oldest ones are long worthless."""
_SAFE_PARAMETERS: Final = frozenset(
    {"_count", "_elements", "_format", "_since", "_sort", "_summary", "_total"}
)
_SECRET_NAME: Final = re.compile(r"token|secret|passw|auth|key|sig|code|assertion", re.IGNORECASE)
_SAFE_HEADERS: Final = frozenset({
    "accept", "accept-encoding", "age", "allow", "cache-control", "connection", "content-encoding",
    "content-length", "content-type", "date", "etag", "expires", "host", "if-match",
    "if-modified-since", "if-none-match", "last-modified", "prefer", "retry-after", "server",
    "transfer-encoding", "user-agent", "vary", "via", "x-powered-by", "x-request-id",
    "x-correlation-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset",
})  # fmt: skip
_URL_HEADERS: Final = frozenset({"content-location", "location"})

_lock = threading.Lock()
_secrets: dict[str, None] = {}
_longest_first: tuple[str, ...] = ()


def protect(*secrets: str) -> None:
    """Take these values out of everything that passes `redact` from now on."""
    global _longest_first  # noqa: PLW0603  what is secret is so for the whole process
    new = [secret for secret in secrets if secret not in _secrets]
    if not new:
        return
    with _lock:
        for secret in new:
            raw = secret.encode("utf-8", "surrogateescape")
            for form in (secret, quote_plus(raw), quote(raw), quote(raw, safe="")):
                if len(form) >= _SHORTEST_SECRET:
                    _secrets[form] = None
        while len(_secrets) > _MAX_SECRETS:
            del _secrets[next(iter(_secrets))]
        _longest_first = tuple(sorted(_secrets, key=len, reverse=True))


def protect_url(url: str) -> None:
    """Protect the user's password in an address, and query values that are named like a secret."""
    try:
        parts = urlsplit(url)
        password = unquote(parts.password or "")
    except ValueError:
        return
    if password:
        pair = f"{unquote(parts.username or '')}:{password}"
        protect(password, base64.b64encode(pair.encode()).decode())
    for name, value in parse_qsl(parts.query):
        if _SECRET_NAME.search(name):
            protect(value)


def redact(text: str) -> str:
    """The text without the secrets that are protected."""
    for secret in _longest_first:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text


def redacted_url(url: str, *, query: bool = False) -> str:
    """The address without user and password; query: with the names of its parameters.

    Values of parameters are shown only where they are numbers or words of FHIR's own (`_count`).
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    shown = "&".join(_parameters(parts.query)) if query else ""
    return redact(urlunsplit((parts.scheme, host, parts.path, shown, "")))


def _parameters(query: str) -> Iterable[str]:
    for name, value in parse_qsl(query, keep_blank_values=True):
        yield f"{name}={value if name in _SAFE_PARAMETERS else HIDDEN}"


def redacted_headers(headers: Mapping[str, str]) -> str:
    """Headers on one line: values of harmless ones, and the names of the others."""
    shown = []
    for name, value in sorted(headers.items()):
        if name.lower() in _SAFE_HEADERS:
            shown.append(f"{name}: {value}")
        elif name.lower() in _URL_HEADERS:
            shown.append(f"{name}: {redacted_url(value, query=True)}")
        else:
            shown.append(f"{name}: {HIDDEN}")
    return redact("; ".join(shown))
