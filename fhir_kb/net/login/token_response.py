"""The response of a login server: a token, or an error. Nothing in it is trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.net.errors import NetError
from fhir_kb.net.redaction import HIDDEN, redact

if TYPE_CHECKING:
    from collections.abc import Collection

    from fhir_kb.net.response import Response

MAX_RESPONSE: Final = 2**20
DEFAULT_LIFETIME: Final = 300.0
"""In seconds, of a token whose server does not say: what SMART recommends."""
_MAX_LIFETIME: Final = 86400.0
_CLOCK_SKEW: Final = 60.0
_MAX_TOKEN: Final = 2**16
_MAX_TEXT: Final = 200
_SHORTEST_SECRET: Final = 4
_ADVICE: Final = {
    "invalid_client": "Check the client id, and its secret or key, with the operator of the server",
    "unauthorized_client": "Ask the operator of the server to let this client log in by itself",
    "unsupported_grant_type": "Ask the operator of the server to allow client credentials",
    "invalid_scope": "Ask for scopes that the server grants to this client (scopes)",
    "invalid_target": "Check audience and resource",
    "invalid_grant": "Check the client's key, and the clock of this machine",
    "invalid_request": "Check the login against what the server's documentation asks for",
    "temporarily_unavailable": "Try again later",
    "server_error": "Try again later",
}


@dataclass(frozen=True, slots=True)
class Token:
    """An access token."""

    value: str = field(repr=False)
    lifetime: float
    """In seconds."""


class LoginRejectedError(NetError):
    """The login server rejects the login."""

    code: str
    """The OAuth error, such as "invalid_client"."""

    def __init__(self, message: str, advice: str = "", status: int = 0, code: str = "") -> None:
        super().__init__(message, advice, status)
        self.code = code


def token_from_response(response: Response, secrets: Collection[str]) -> Token:
    """The token in a response.

    Args:
        response: That of the login server.
        secrets: What must not be shown, whatever the server repeats.

    Raises:
        LoginRejectedError: The server rejects the login.
        NetError: There is no usable token.
    """
    body = _json_object(response.content)
    if body is not None and isinstance(body.get("error"), str):
        raise _rejected(body, response, secrets)
    if not 200 <= response.status < 300:
        raise NetError(
            f"{response}: no token from the login server",
            "Check its address (token-endpoint), or try again later",
            response.status,
        )
    if body is None:
        page = "an HTML page" if response.is_html else "a body that is not JSON"
        raise NetError(
            f"{response}: {page} instead of a token from the login server",
            "Check its address (token-endpoint)",
        )
    return _token(body, response, secrets)


def _token(body: dict[str, Any], response: Response, secrets: Collection[str]) -> Token:
    type_ = body.get("token_type", "Bearer")
    if not isinstance(type_, str) or type_.casefold() != "bearer":
        raise NetError(
            f"{response}: a token of the type '{cleaned(str(type_), secrets)}', not 'Bearer'",
            "Ask the operator of the login server to give bearer tokens to this client",
        )
    value = body.get("access_token")
    if not isinstance(value, str) or not is_token(value):
        raise NetError(
            f"{response}: no usable access_token from the login server",
            "Check its address (token-endpoint)",
        )
    return Token(value, _lifetime(body.get("expires_in")))


def is_token(text: str) -> bool:
    """Whether it can stand in a header (RFC 6750, 2.1, read kindly)."""
    return 0 < len(text) <= _MAX_TOKEN and all("!" <= character <= "~" for character in text)


def _lifetime(value: object) -> float:
    """In seconds. Some servers write the number as text; nonsense is taken for nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return DEFAULT_LIFETIME
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return DEFAULT_LIFETIME
    return min(max(0.0, seconds), _MAX_LIFETIME) if math.isfinite(seconds) else DEFAULT_LIFETIME


def _rejected(
    body: dict[str, Any], response: Response, secrets: Collection[str]
) -> LoginRejectedError:
    code = cleaned(body["error"], secrets)
    description = body.get("error_description")
    text = code or "no reason given"
    if isinstance(description, str) and (reason := cleaned(description, secrets)):
        text = f"{text} ({reason})"
    advice = _ADVICE.get(code, "Ask the operator of the login server")
    message = f"{response}: the login server rejects the login: {text}"
    return LoginRejectedError(message, advice, response.status, code)


def with_clock(error: LoginRejectedError, response: Response, now: float) -> LoginRejectedError:
    """The same error; its advice names the clocks where they differ by more than a minute."""
    try:
        server_time = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return error
    difference = abs(server_time - now)
    if difference <= _CLOCK_SKEW:
        return error
    advice = f"{error.help}. The server's clock and this machine's differ by {difference:.0f} s"
    return LoginRejectedError(error.message, advice, error.status, error.code)


def cleaned(text: str, secrets: Collection[str] = ()) -> str:
    """A server's words as one short line without secrets."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    printable = (character if character.isprintable() else " " for character in redact(text))
    line = " ".join("".join(printable).split())
    return line if len(line) <= _MAX_TEXT else f"{line[:_MAX_TEXT]}…"


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def json_document(response: Response) -> dict[str, Any] | None:
    """The JSON object of a response of success, or None where there is none."""
    return _json_object(response.content) if response.status == 200 else None
