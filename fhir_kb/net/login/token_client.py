"""Asking a login server for tokens, by a client's secret, certificate or signed statement."""

from __future__ import annotations

import base64
import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, urlencode

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError
from fhir_kb.net.login.assertion import ASSERTION_TYPE, assertion
from fhir_kb.net.login.credential_cache import Grant
from fhir_kb.net.login.discovery import by_issuer, by_smart, check_confidential, endpoint_of
from fhir_kb.net.login.keys import signing_keys
from fhir_kb.net.login.login_types import ClientCredentials, SmartBackend
from fhir_kb.net.login.token_response import (
    MAX_RESPONSE,
    LoginRejectedError,
    Token,
    cleaned,
    token_from_response,
    with_clock,
)
from fhir_kb.net.redaction import protect, redacted_url
from fhir_kb.net.retry import UNAVAILABLE
from fhir_kb.net.session import Session, open_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.net.login.keys import SigningKey
    from fhir_kb.net.settings import SessionSettings

MOST_KEYS: Final = 5
"""How many keys are tried for one token: servers lock out who tries more."""
_LOG: Final = logging.getLogger(__name__)
_FORM: Final = "application/x-www-form-urlencoded"
_OTHER_KEY: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_grant"})
"""What servers say to a statement that is signed by a key they do not know (yet, or any more)."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One request for a token. hidden: what must not be repeated in words."""

    form: dict[str, str]
    headers: dict[str, str]
    hidden: tuple[str, ...]


class TokenClient:
    """Gets tokens for one login at one FHIR server. Used by one thread at a time.

    settings: how the login server is reached; its credentials are left out.
    """

    def __init__(
        self,
        login: ClientCredentials | SmartBackend,
        server: str,
        settings: SessionSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._login = login
        self._server = server
        self._settings = replace(
            settings, credentials=Access(), server="", certificate="", key="",
            retry_statuses=UNAVAILABLE, max_response=MAX_RESPONSE,
        )  # fmt: skip
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._endpoint = login.token_endpoint
        self._kid = ""

    def grant(self) -> Grant:
        """A new token. Raises NetError; LoginRejectedError where the login server says no."""
        try:
            endpoint = self._endpoint or self._discovered()
            check_confidential(endpoint, insecure=self._login.insecure)
            with self._opened(endpoint) as session:
                if isinstance(self._login, SmartBackend):
                    since, token = self._by_keys(session, endpoint, self._login)
                else:
                    request = self._by_secret(self._login)
                    since, token = self._request_token(session, endpoint, lambda: request)
        except NetError:
            self._endpoint = self._login.token_endpoint  # it may have moved
            raise
        self._endpoint = endpoint
        return Grant(f"Bearer {token.value}", since, token.lifetime)

    def _opened(self, endpoint: str) -> Session:
        shows = self._login.certificate
        settings = self._settings
        if shows is not None:
            settings = replace(
                settings, server=endpoint, certificate=shows.certificate, key=shows.key
            )
        return open_session(settings, sleep=self._sleep)

    def _discovered(self) -> str:
        issuer = getattr(self._login, "issuer", "")
        where = issuer or self._server
        check_confidential(where, insecure=self._login.insecure)
        with self._opened(where) as session:
            document = by_issuer(session, issuer) if issuer else by_smart(session, self._server)
        return endpoint_of(document, where)

    def _by_secret(self, login: ClientCredentials) -> _Request:
        form = {"grant_type": "client_credentials"}
        named = {
            "scope": " ".join(login.scopes),
            "audience": login.audience,
            "resource": login.resource,
        }
        form |= {name: value for name, value in named.items() if value}
        secret = login.secret.read() if login.secret is not None else ""
        if login.authentication != "basic":
            form["client_id"] = login.client_id
            if secret:
                form["client_secret"] = secret
            return _Request(form, {}, _encodings(secret))
        # RFC 6749, 2.3.1: both parts are form-encoded before they are put together
        pair = f"{quote_plus(login.client_id)}:{quote_plus(secret)}"
        words = base64.b64encode(pair.encode()).decode()
        hidden = (words, *_encodings(secret))
        return _Request(form, {"Authorization": f"Basic {words}"}, hidden)

    def _by_keys(self, session: Session, endpoint: str, login: SmartBackend) -> tuple[float, Token]:
        """The newest key that the server knows; the one that it knew last time comes first."""
        keys = signing_keys(login.keys, self._now(), kid=login.kid, passphrase=login.passphrase)
        keys.sort(key=lambda key: key.kid != self._kid)
        refused: LoginRejectedError | None = None
        for key in keys[:MOST_KEYS]:
            try:
                found = self._request_token(session, endpoint, partial(self._signed, key, endpoint))
            except LoginRejectedError as error:
                if error.code not in _OTHER_KEY:
                    raise
                refused = refused or error
                continue
            self._kid = key.kid
            return found
        tried = ", ".join(f"'{cleaned(key.kid)}'" for key in keys[:MOST_KEYS])
        assert refused is not None
        raise LoginRejectedError(
            f"{refused.message}; keys tried: {tried}",
            "Register the public key under this name (kid) for this client id at the login server",
            refused.status,
            refused.code,
        )

    def _signed(self, key: SigningKey, endpoint: str) -> _Request:
        assert isinstance(self._login, SmartBackend)
        signed = assertion(key, self._login.client_id, endpoint, self._now())
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(self._login.scopes),
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signed,
        }
        return _Request(form, {}, (signed,))

    def _request_token(
        self, session: Session, endpoint: str, build: Callable[[], _Request]
    ) -> tuple[float, Token]:
        """When the token was requested, and the token; a new request for every try.

        A signed statement may be used once only.
        """
        attempts = session.attempts("POST", endpoint)
        while True:
            attempts.begin()
            request = build()
            protect(*request.hidden)
            since = self._clock()
            try:
                response = session.request(
                    "POST",
                    endpoint,
                    headers={
                        "Accept": "application/json",
                        "Content-Type": _FORM,
                        **request.headers,
                    },
                    content=urlencode(request.form).encode(),
                    retry=False,
                )
            except NetError as error:
                if error.is_transient and attempts.wait("the login server cannot be reached"):
                    continue
                tries = attempts.summary()
                text = error.message + (tries and f" ({tries})")
                raise NetError(text, error.help, error.status) from None
            is_busy = response.status in UNAVAILABLE
            if is_busy and attempts.wait(
                f"the login server is busy (HTTP {response.status})", response.retry_after
            ):
                continue
            response = replace(response, tries=attempts.number, seconds=attempts.seconds)
            try:
                token = token_from_response(response, request.hidden)
            except LoginRejectedError as error:
                raise with_clock(error, response, self._now()) from None
            protect(token.value)
            _LOG.info("token of %s: valid for %.0f s", redacted_url(endpoint), token.lifetime)
            return since, token


def _encodings(secret: str) -> tuple[str, ...]:
    return secret, quote_plus(secret), quote(secret), quote(secret, safe="")
