"""Where tokens come from, as the FHIR server or the issuer says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.net.errors import NetError
from fhir_kb.net.login.token_response import json_document
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.urls import is_confidential, origin_of, split_url

if TYPE_CHECKING:
    from fhir_kb.net.session import Session


def by_smart(session: Session, server: str) -> dict[str, Any]:
    """The SMART configuration of a FHIR server. Raises NetError.

    https://build.fhir.org/ig/HL7/smart-app-launch/conformance.html
    """
    return _asked(session, [f"{server.rstrip('/')}/.well-known/smart-configuration"])


def by_issuer(session: Session, issuer: str) -> dict[str, Any]:
    """What an issuer says of itself: OpenID Connect Discovery, or RFC 8414. Raises NetError."""
    parts = split_url(issuer)
    path = parts.path.rstrip("/")
    found = _asked(
        session,
        [
            f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
        ],
    )
    if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise NetError(
            f"'{redacted_url(issuer)}' says that it is another issuer",
            "Write the issuer as it calls itself",
        )
    return found


def endpoint_of(document: dict[str, Any], where: str) -> str:
    """The token endpoint that a document names. Raises NetError."""
    named = document.get("token_endpoint")
    if not isinstance(named, str) or not named:
        raise NetError(
            f"'{redacted_url(where)}' does not say where tokens come from",
            "Say it (token-endpoint)",
        )
    return named


def check_confidential(url: str, *, insecure: bool) -> None:
    """Raises NetError where others could listen, unless the user has allowed it."""
    origin_of(url)
    if not insecure and not is_confidential(url):
        raise NetError(
            f"'{redacted_url(url)}' is not encrypted: others could read the login",
            "Use https; or say 'insecure: true' if you trust everything on the way",
        )


def _asked(session: Session, places: list[str]) -> dict[str, Any]:
    for place in places:
        found = json_document(session.request("GET", place, headers={"Accept": "application/json"}))
        if found is not None:
            return found
    raise NetError(
        f"'{redacted_url(places[0])}' does not say where tokens come from",
        "Say it (token-endpoint), or check the address",
    )
