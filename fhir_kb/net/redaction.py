"""What of a request may be shown: in messages, in the log, in a trace that is sent to others.

URLs are shown without user, password and query values; headers only by an allow-list. Besides,
every secret that is used is kept here, in memory, because a server may repeat it anywhere. It is
taken out in two places: of each response, before anybody can store or show it (`net.session`), and
of whatever is printed or logged (`cli`).
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HIDDEN: Final = "…"
_SHORTEST_SECRET: Final = 4
_UNMISTAKABLE: Final = 8
"""The length from which letters mixed with digits are nothing but a secret; without, twice it."""
_ENCODED_AT_MOST: Final = 3
_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_NAMED: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_MARKS: Final = ("%", "\\", "&")
"""What each way to write a character otherwise has in it."""
_MAX_PATTERNS: Final = 50
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
_credentials: tuple[str, ...] = ()
_patterns: tuple[re.Pattern[str], ...] = ()
"""Of the latest credentials."""


def protect(*secrets: str) -> None:
    """Take these values out of everything that passes `redact` from now on."""
    global _longest_first  # noqa: PLW0603  what is secret is so for the whole process
    new = [secret for secret in secrets if secret not in _secrets]
    if not new:
        return
    with _lock:
        for secret in new:
            for form in _forms(secret):
                _secrets[form] = None
        while len(_secrets) > _MAX_SECRETS:
            del _secrets[next(iter(_secrets))]
        _longest_first = tuple(sorted(_secrets, key=len, reverse=True))


def protect_credentials(*secrets: str) -> None:
    """Protect what lets us in, and take it out of what servers respond as well (`scrubbed`).

    Only what nothing else looks like is taken out of responses: a password `active` would change
    what a resource says.
    """
    global _credentials, _patterns  # noqa: PLW0603
    protect(*secrets)
    plain = [secret for secret in secrets if _is_unmistakable(secret)]
    new = {form for secret in plain for form in _forms(secret)}
    if new - set(_credentials):
        with _lock:
            latest = list(dict.fromkeys([*_credentials, *new]))[-_MAX_SECRETS:]
            _credentials = tuple(sorted(latest, key=len, reverse=True))
            patterns = dict.fromkeys([*_patterns, *map(_pattern, plain)])
            _patterns = tuple(patterns)[-_MAX_PATTERNS:]


def _forms(secret: str) -> set[str]:
    """The secret as it is, and as URLs, JSON and HTML write it."""
    raw = secret.encode("utf-8", "surrogateescape")
    encoded = {quote_plus(raw), quote(raw), quote(raw, safe="")}
    lower = {_ESCAPE.sub(lambda match: match[0].lower(), form) for form in encoded}
    in_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    written = {in_json, in_json.replace("/", "\\/"), json.dumps(secret)[1:-1]}
    forms = {secret, *encoded, *lower, *written, html.escape(secret), html.escape(secret, False)}
    if _is_unmistakable(secret):
        forms |= _in_base64(raw) | {raw.hex(), raw.hex().upper()}
    return {form for form in forms if len(form) >= _SHORTEST_SECRET}


def _in_base64(raw: bytes) -> set[str]:
    """What base64 makes of it, whatever stands before it, less what that has a part in."""
    forms = set()
    for before in range(3):
        whole = slice(-(-before * 8 // 6), (before + len(raw)) * 8 // 6)
        forms.add(base64.b64encode(bytes(before) + raw).decode()[whole])
        forms.add(base64.urlsafe_b64encode(bytes(before) + raw).decode()[whole])
    return forms


def _pattern(secret: str) -> re.Pattern[str]:
    """Matches a secret with each character as it is, or as URLs, JSON or HTML write it."""
    return re.compile("".join(f"(?:{'|'.join(_spellings(letter))})" for letter in secret))


def _spellings(letter: str) -> Iterator[str]:
    code = ord(letter)
    yield re.escape(letter)
    octets = letter.encode("utf-8", "surrogateescape")
    yield "".join(f"%(?:25)*(?i:{octet:02x})" for octet in octets)
    yield rf"\\\\*u(?i:{code:04x})"  # a literal first, which the search can look for
    yield f"&(?:amp;)*#(?:0*{code}|[xX]0*(?i:{code:x}));"
    if not letter.isalnum():
        yield rf"\\\\*{re.escape(letter)}"
    if letter in _NAMED:
        yield f"&(?:amp;)*{_NAMED[letter]};"


def _is_unmistakable(secret: str) -> bool:
    mixed = any(map(str.isalpha, secret)) and any(map(str.isdigit, secret))
    return len(secret) >= (_UNMISTAKABLE if mixed else 2 * _UNMISTAKABLE)


def scrubbed(content: bytes) -> bytes:
    """What a server responded, without credentials of ours."""
    for secret in _credentials:
        raw = secret.encode("utf-8", "surrogateescape")
        if raw in content:
            content = content.replace(raw, HIDDEN.encode())
    if _patterns and any(mark.encode() in content for mark in _MARKS):
        text = content.decode("utf-8", "surrogateescape")
        if (without := _without_patterns(text)) != text:
            return without.encode("utf-8", "surrogateescape")
    return content


def _without_patterns(text: str) -> str:
    """The text without credentials, however each of their characters is written."""
    if any(mark in text for mark in _MARKS):
        for pattern in _patterns:
            text = pattern.sub(HIDDEN, text)
    return text


def scrubbed_text(text: str) -> str:
    """A text without credentials of ours; see `protect_credentials`."""
    for secret in _credentials:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return _without_patterns(text)


def protect_url(url: str) -> None:
    """Protect the user's password in an address, and query values that are named like a secret."""
    try:
        parts = urlsplit(url)
        password = unquote(parts.password or "")
    except ValueError:
        return
    if password:
        pair = f"{unquote(parts.username or '')}:{password}"
        protect_credentials(password, base64.b64encode(pair.encode()).decode())
    for name, value in parse_qsl(parts.query):
        if _SECRET_NAME.search(name):
            protect(value)


def redact(text: str) -> str:
    """The text without the secrets that are protected."""
    for secret in _longest_first:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return _without_patterns(text)


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
    return _redacted_in_any_encoding(urlunsplit((parts.scheme, host, parts.path, shown, "")))


def _redacted_in_any_encoding(text: str) -> str:
    """A URL or header without secrets; decoded where one is in it in somebody else's encoding."""
    decoded = shown = redact(text)
    for _ in range(_ENCODED_AT_MOST):
        decoded = unquote(decoded)
        if (redacted := redact(decoded)) != decoded:
            shown = decoded = redacted
    return shown


def _parameters(query: str) -> Iterable[str]:
    for name, value in parse_qsl(query, keep_blank_values=True):
        yield f"{name}={value if name in _SAFE_PARAMETERS else HIDDEN}"


def redacted_headers(headers: Mapping[str, str]) -> str:
    """Headers on one line: values of harmless ones, and the names of the others."""
    shown = []
    for name, value in sorted(headers.items()):
        if name.lower() in _SAFE_HEADERS:
            shown.append(f"{name}: {_redacted_in_any_encoding(value)}")
        elif name.lower() in _URL_HEADERS:
            shown.append(f"{name}: {redacted_url(value, query=True)}")
        else:
            shown.append(f"{name}: {HIDDEN}")
    return redact("; ".join(shown))
