"""Asking a login server for tokens, by a client's secret, certificate or signed statement."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, urlencode

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError
from fhir_kb.net.login.answers import MAX_ANSWER, LoginRefused, Token, cleaned, token_of, with_clock
from fhir_kb.net.login.assertion import ASSERTION_TYPE, assertion
from fhir_kb.net.login.discovery import by_issuer, by_smart, check_private, endpoint_of
from fhir_kb.net.login.held import Grant
from fhir_kb.net.login.keys import signing_keys
from fhir_kb.net.login.kinds import ClientCredentials, SmartBackend
from fhir_kb.net.session import BUSY, Answer, Session, SessionSettings, open_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.net.login.keys import SigningKey

TRIES: Final = 3
MOST_KEYS: Final = 5
"""How many keys are tried for one token: servers lock out who tries more."""
_FORM: Final = "application/x-www-form-urlencoded"
_OTHER_KEY: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_grant"})
"""What servers say to a statement that is signed by a key they do not know (yet, or any more)."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One request for a token. hidden: what must not be repeated in words."""

    form: dict[str, str]
    headers: dict[str, str]
    hidden: tuple[str, ...]


class TokenServer:
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
            settings, credentials=Access(), server="", certificate="", key="", again=BUSY,
            max_answer=MAX_ANSWER,
        )  # fmt: skip
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._endpoint = login.token_endpoint
        self._kid = ""

    def grant(self) -> Grant:
        """A new token. Raises NetError; LoginRefused where the login server says no."""
        try:
            endpoint = self._endpoint or self._discovered()
            check_private(endpoint, insecure=self._login.insecure)
            with self._opened(endpoint) as session:
                if isinstance(self._login, SmartBackend):
                    since, token = self._by_keys(session, endpoint, self._login)
                else:
                    request = self._by_secret(self._login)
                    since, token = self._asked(session, endpoint, lambda: request)
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
        check_private(where, insecure=self._login.insecure)
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
            return _Request(form, {}, _ways_to_write(secret))
        # RFC 6749, 2.3.1: both parts are form-encoded before they are put together
        pair = f"{quote_plus(login.client_id)}:{quote_plus(secret)}"
        words = base64.b64encode(pair.encode()).decode()
        hidden = (words, *_ways_to_write(secret))
        return _Request(form, {"Authorization": f"Basic {words}"}, hidden)

    def _by_keys(self, session: Session, endpoint: str, login: SmartBackend) -> tuple[float, Token]:
        """The newest key that the server knows; the one that it knew last time comes first."""
        keys = signing_keys(login.keys, self._now(), kid=login.kid, passphrase=login.passphrase)
        keys.sort(key=lambda one: one.kid != self._kid)
        refused: LoginRefused | None = None
        for key in keys[:MOST_KEYS]:
            try:
                found = self._asked(session, endpoint, partial(self._signed, key, endpoint))
            except LoginRefused as error:
                if error.code not in _OTHER_KEY:
                    raise
                refused = refused or error
                continue
            self._kid = key.kid
            return found
        tried = ", ".join(f"'{cleaned(one.kid)}'" for one in keys[:MOST_KEYS])
        assert refused is not None
        raise LoginRefused(
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

    def _asked(
        self, session: Session, endpoint: str, make: Callable[[], _Request]
    ) -> tuple[float, Token]:
        """When it was asked for, and the token. A new request every time: no statement twice."""
        for number in range(1, TRIES + 1):
            request = make()
            since = self._clock()
            answer: Answer | None = None
            try:
                answer = session.ask(
                    "POST",
                    endpoint,
                    headers={
                        "Accept": "application/json",
                        "Content-Type": _FORM,
                        **request.headers,
                    },
                    content=urlencode(request.form).encode(),
                    repeat=False,
                )
            except NetError:
                if number == TRIES:
                    raise
            if answer is not None and (answer.status not in BUSY or number == TRIES):
                try:
                    return since, token_of(answer, request.hidden)
                except LoginRefused as error:
                    raise with_clock(error, answer, self._now()) from None
            session.pause(number, answer.headers.get("retry-after", "") if answer else "")
        raise AssertionError("the last try answers or raises")


def _ways_to_write(secret: str) -> tuple[str, ...]:
    return secret, quote_plus(secret), quote(secret), quote(secret, safe="")
