"""Requesting tokens from a login server, by a client's secret, certificate or signed statement."""

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
from fhir_kb.net.login.discovery import (
    check_confidential,
    issuer_metadata,
    smart_configuration,
    token_endpoint,
)
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
from fhir_kb.net.redaction import protect_credentials, redacted_url
from fhir_kb.net.retry import UNAVAILABLE
from fhir_kb.net.session import Session, open_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.net.login.keys import SigningKey
    from fhir_kb.net.settings import SessionSettings

MAX_KEYS_TRIED: Final = 5
"""How many keys are tried for one token: servers lock out who tries more."""
_LOG: Final = logging.getLogger(__name__)
_FORM: Final = "application/x-www-form-urlencoded"
_OTHER_KEY: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_grant"})
"""The errors of a server that does not know the key (yet, or any more)."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One request for a token."""

    form: dict[str, str]
    headers: dict[str, str]
    secrets: tuple[str, ...]
    """What must not be shown."""


class TokenClient:
    """Gets tokens for one login at one FHIR server. Used by one thread at a time."""

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
            retry_statuses=UNAVAILABLE, max_response=MAX_RESPONSE, scrubs=False,
        )  # fmt: skip
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._endpoint = login.token_endpoint
        self._kid = ""

    def grant(self) -> Grant:
        """A new token. Raises NetError; LoginRejectedError where the login is rejected."""
        try:
            endpoint = self._endpoint or self._discover()
            check_confidential(endpoint, insecure=self._login.insecure)
            with self._open(endpoint) as session:
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

    def _open(self, endpoint: str) -> Session:
        client = self._login.certificate
        settings = self._settings
        if client is not None:
            settings = replace(
                settings, server=endpoint, certificate=client.certificate, key=client.key
            )
        return open_session(settings, sleep=self._sleep)

    def _discover(self) -> str:
        issuer = getattr(self._login, "issuer", "")
        source = issuer or self._server
        check_confidential(source, insecure=self._login.insecure)
        with self._open(source) as session:
            metadata = (
                issuer_metadata(session, issuer)
                if issuer
                else smart_configuration(session, self._server)
            )
        return token_endpoint(metadata, source)

    def _by_secret(self, login: ClientCredentials) -> _Request:
        form = {"grant_type": "client_credentials"}
        optional = {
            "scope": " ".join(login.scopes),
            "audience": login.audience,
            "resource": login.resource,
        }
        form |= {name: value for name, value in optional.items() if value}
        secret = login.secret.read() if login.secret is not None else ""
        if login.authentication != "basic":
            form["client_id"] = login.client_id
            if secret:
                form["client_secret"] = secret
            return _Request(form, {}, _encodings(secret))
        # RFC 6749, 2.3.1: both parts are form-encoded before they are put together
        pair = f"{quote_plus(login.client_id)}:{quote_plus(secret)}"
        encoded = base64.b64encode(pair.encode()).decode()
        secrets = (encoded, *_encodings(secret))
        return _Request(form, {"Authorization": f"Basic {encoded}"}, secrets)

    def _by_keys(self, session: Session, endpoint: str, login: SmartBackend) -> tuple[float, Token]:
        """The token for the newest key that the server accepts; that of last time comes first."""
        keys = signing_keys(login.keys, self._now(), kid=login.kid, passphrase=login.passphrase)
        keys.sort(key=lambda key: key.kid != self._kid)
        rejection: LoginRejectedError | None = None
        for key in keys[:MAX_KEYS_TRIED]:
            try:
                token = self._request_token(session, endpoint, partial(self._signed, key, endpoint))
            except LoginRejectedError as error:
                if error.code not in _OTHER_KEY:
                    raise
                rejection = rejection or error
                continue
            self._kid = key.kid
            return token
        tried = ", ".join(f"'{cleaned(key.kid)}'" for key in keys[:MAX_KEYS_TRIED])
        assert rejection is not None
        raise LoginRejectedError(
            f"{rejection.message}; keys tried: {tried}",
            "Register the public key under this name (kid) for this client id at the login server",
            rejection.status,
            rejection.code,
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
            protect_credentials(*request.secrets)
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
                if attempts.wait("the login server cannot be reached", tries=error.tries):
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
                token = token_from_response(response, request.secrets)
            except LoginRejectedError as error:
                raise with_clock(error, response, self._now()) from None
            protect_credentials(token.value)
            _LOG.info("token of %s: valid for %.0f s", redacted_url(endpoint), token.lifetime)
            return since, token


def _encodings(secret: str) -> tuple[str, ...]:
    return secret, quote_plus(secret), quote(secret), quote(secret, safe="")
