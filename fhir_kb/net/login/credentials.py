"""The credentials and session settings of a login."""

from __future__ import annotations

import base64
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_kb.net.access import Access
from fhir_kb.net.errors import NetError
from fhir_kb.net.login.credential_cache import CredentialCache, Grant
from fhir_kb.net.login.discovery import check_confidential
from fhir_kb.net.login.login_types import (
    Basic,
    Bearer,
    Certificate,
    Login,
    NoLogin,
)
from fhir_kb.net.login.secret_sources import read_private_file
from fhir_kb.net.login.token_client import TokenClient
from fhir_kb.net.login.token_response import is_token
from fhir_kb.net.redaction import protect_credentials
from fhir_kb.net.settings import SessionSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.net.settings import Credentials


def open_credentials(
    login: Login,
    server: str,
    settings: SessionSettings | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> Credentials:
    """The credentials for `server` (a base URL). Nothing is read or sent before it is needed.

    settings: how login servers are reached (own CA, proxy, time-outs). A certificate is part of the
    connection and not of this: use `session_settings`. sleep, clock, now: tests pass their own.
    Raises NetError for a login that others could listen to.
    """
    if isinstance(login, NoLogin):
        return Access()
    if isinstance(login, Certificate):
        check_confidential(server, insecure=False)
        return Access()
    check_confidential(server, insecure=login.insecure)
    if isinstance(login, Basic | Bearer):
        return CredentialCache(server, _of_source(login), clock=clock)
    tokens = TokenClient(
        login, server, settings or SessionSettings(), sleep=sleep, clock=clock, now=now
    )
    return CredentialCache(server, tokens.grant, clock=clock)


def session_settings(
    login: Login, server: str, settings: SessionSettings | None = None
) -> SessionSettings:
    """Settings of a session with `server` by this login: credentials and client certificate.

    settings: all else (own CA, proxy, limits). Raises NetError: see `open_credentials`, and for a
    certificate that cannot be used.
    """
    base = settings or SessionSettings()
    chosen = replace(base, credentials=open_credentials(login, server, base), server=server)
    client = certificate_of(login)
    if client is None:
        return chosen
    check_certificate(client, time.time())
    return replace(chosen, certificate=client.certificate, key=client.key)


def certificate_of(login: Login) -> Certificate | None:
    """The client certificate of a login, if it has one."""
    if isinstance(login, Certificate):
        return login
    return None if isinstance(login, NoLogin) else login.certificate


def check_certificate(client: Certificate, now: float) -> None:
    """Raises NetError where the files are no certificate and its key, or others can read the key.

    now: seconds since 1970; whether it is the certificate's time is known where `cryptography` is.

    A key with a passphrase is refused: the encryption library would ask for it in the terminal.
    """
    if not Path(client.certificate).is_file():
        raise NetError(f"there is no client certificate '{client.certificate}'", "Correct its path")
    if b"ENCRYPTED" in read_private_file(client.key or client.certificate, 2**20):
        raise NetError(
            f"the key '{client.key or client.certificate}' has a passphrase",
            "Store it without one, readable for you alone",
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            client.certificate, client.key or None, password=lambda: ""
        )
    except (ssl.SSLError, OSError, ValueError):
        raise NetError(
            f"the client certificate '{client.certificate}' cannot be used, or the key does not "
            "belong to it",
            "Give a certificate and its key in PEM (certificate, key)",
        ) from None
    _check_time(client.certificate, datetime.fromtimestamp(now, UTC))


def _check_time(name: str, now: datetime) -> None:
    try:
        from cryptography.x509 import load_pem_x509_certificates

        first = load_pem_x509_certificates(Path(name).read_bytes())[0]
    except (ImportError, ValueError):  # not here, or stricter than the encryption library
        return
    begins, ends = first.not_valid_before_utc, first.not_valid_after_utc
    if now > ends:
        raise NetError(
            f"the client certificate '{name}' expired on {ends:%Y-%m-%d}", "Get another one"
        )
    if now < begins:
        raise NetError(
            f"the client certificate '{name}' is not valid before {begins:%Y-%m-%d}",
            "Check the clock of this machine",
        )


def _of_source(login: Basic | Bearer) -> Callable[[], Grant]:
    def read() -> Grant:
        if isinstance(login, Bearer):
            return Grant(f"Bearer {_checked(login.token.read())}")
        pair = base64.b64encode(f"{login.user}:{login.password.read()}".encode()).decode()
        protect_credentials(pair)
        return Grant(f"Basic {pair}")

    return read


def _checked(token: str) -> str:
    if not is_token(token):
        raise NetError(
            "the token has characters that no token has", "Keep nothing but the token in its source"
        )
    return token
