"""What a login server says: a token, or why not. None of it is trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.net.errors import NetError
from fhir_kb.net.urls import shown

if TYPE_CHECKING:
    from collections.abc import Collection

    from fhir_kb.net.session import Answer

MAX_ANSWER: Final = 2**20
UNSAID_LIFETIME: Final = 300.0
"""Seconds that a token is used whose server does not say for how long: what SMART recommends."""
_MAX_LIFETIME: Final = 86400.0
_CLOCKS_APART: Final = 60.0
_MAX_TOKEN: Final = 2**16
_MAX_WORDS: Final = 200
_SHORTEST_SECRET: Final = 4
_ADVICE: Final = {
    "invalid_client": "Check the client id, and its secret or key, with whoever runs the server",
    "unauthorized_client": "Let whoever runs the server allow this client to log in by itself",
    "unsupported_grant_type": "Let whoever runs the server allow client credentials",
    "invalid_scope": "Ask for scopes that the server grants to this client (scopes)",
    "invalid_target": "Check audience and resource",
    "invalid_grant": "Check the client's key, and the clock of this machine",
    "invalid_request": "Check the login against what the server's documentation asks for",
    "temporarily_unavailable": "Try again later",
    "server_error": "Try again later",
}


@dataclass(frozen=True, slots=True)
class Token:
    """lifetime: in seconds."""

    value: str = field(repr=False)
    lifetime: float


class LoginRefused(NetError):  # noqa: N818  a NetError that says so
    """The login server understood, and says no. code: the OAuth error, such as invalid_client."""

    def __init__(self, message: str, advice: str = "", status: int = 0, code: str = "") -> None:
        super().__init__(message, advice, status)
        self.code = code


def token_of(answer: Answer, hidden: Collection[str]) -> Token:
    """The token in an answer. Raises NetError, LoginRefused where the server refuses.

    hidden: secrets that must not be repeated, whatever the server says.
    """
    place = f"the login server '{shown(answer.url)}'"
    said = _object(answer.content)
    if said is not None and isinstance(said.get("error"), str):
        raise _refused(said, place, answer.status, hidden)
    if not 200 <= answer.status < 300:
        raise NetError(
            f"{place} answers HTTP {answer.status} and no token",
            "Check its address (token-endpoint), or try again later",
            answer.status,
        )
    if said is None:
        is_page = answer.content.lstrip()[:1] == b"<"
        raise NetError(
            f"{place} answers with {'a web page' if is_page else 'something'} that is no token",
            "Check its address (token-endpoint)",
        )
    return _token(said, place, hidden)


def _token(said: dict[str, Any], place: str, hidden: Collection[str]) -> Token:
    kind = said.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.casefold() != "bearer":
        raise NetError(
            f"{place} gives a token of the type '{cleaned(str(kind), hidden)}', not 'Bearer'",
            "Let whoever runs the server give bearer tokens to this client",
        )
    value = said.get("access_token")
    if not isinstance(value, str) or not is_token(value):
        raise NetError(
            f"{place} answers without a usable access_token", "Check its address (token-endpoint)"
        )
    return Token(value, _lifetime(said.get("expires_in")))


def is_token(text: str) -> bool:
    """Whether it can stand in a header (RFC 6750, 2.1, read kindly)."""
    return 0 < len(text) <= _MAX_TOKEN and all("!" <= one <= "~" for one in text)


def _lifetime(said: object) -> float:
    """Some servers write the number as text; what makes no sense is as good as nothing."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return UNSAID_LIFETIME
    try:
        seconds = float(said)
    except (ValueError, OverflowError):
        return UNSAID_LIFETIME
    return min(max(0.0, seconds), _MAX_LIFETIME) if math.isfinite(seconds) else UNSAID_LIFETIME


def _refused(
    said: dict[str, Any], place: str, status: int, hidden: Collection[str]
) -> LoginRefused:
    code = cleaned(said["error"], hidden)
    words = said.get("error_description")
    what = code or "no reason given"
    if isinstance(words, str) and (reason := cleaned(words, hidden)):
        what = f"{what} ({reason})"
    advice = _ADVICE.get(code, "Ask whoever runs the server")
    return LoginRefused(f"{place} refuses: {what}", advice, status, code)


def with_clock(error: LoginRefused, answer: Answer, now: float) -> LoginRefused:
    """The same refusal; its advice speaks of the clocks where they differ by more than a minute."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return error
    apart = abs(theirs - now)
    if apart <= _CLOCKS_APART:
        return error
    advice = f"{error.help}. The server's clock and this machine's are {apart:.0f} s apart"
    return LoginRefused(error.message, advice, error.status, error.code)


def cleaned(words: str, hidden: Collection[str] = ()) -> str:
    """What a server says as one short line without what is secret."""
    for one in hidden:
        if len(one) >= _SHORTEST_SECRET:
            words = words.replace(one, "…")
    line = " ".join("".join(one if one.isprintable() else " " for one in words).split())
    return line if len(line) <= _MAX_WORDS else f"{line[:_MAX_WORDS]}…"


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def document_of(answer: Answer) -> dict[str, Any] | None:
    """A JSON object that was asked for, or None where there is none."""
    return _object(answer.content) if answer.status == 200 else None
