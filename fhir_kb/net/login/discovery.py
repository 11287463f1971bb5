"""Discovery of the token endpoint, at the FHIR server or the issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.net.errors import NetError
from fhir_kb.net.login.token_response import json_document
from fhir_kb.net.redaction import redacted_url
from fhir_kb.net.urls import is_confidential, origin_of, split_url

if TYPE_CHECKING:
    from fhir_kb.net.session import Session


def smart_configuration(session: Session, server: str) -> dict[str, Any]:
    """The SMART configuration of a FHIR server. Raises NetError.

    https://build.fhir.org/ig/HL7/smart-app-launch/conformance.html
    """
    return _first_document(session, [f"{server.rstrip('/')}/.well-known/smart-configuration"])


def issuer_metadata(session: Session, issuer: str) -> dict[str, Any]:
    """The metadata of an issuer: OpenID Connect Discovery, or RFC 8414. Raises NetError."""
    parts = split_url(issuer)
    path = parts.path.rstrip("/")
    metadata = _first_document(
        session,
        [
            f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
        ],
    )
    if str(metadata.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise NetError(
            f"the metadata of '{redacted_url(issuer)}' name another issuer",
            "Write the issuer as its metadata name it",
        )
    return metadata


def token_endpoint(metadata: dict[str, Any], source: str) -> str:
    """The token endpoint in the metadata of `source`. Raises NetError."""
    endpoint = metadata.get("token_endpoint")
    if not isinstance(endpoint, str) or not endpoint:
        raise NetError(
            f"the metadata of '{redacted_url(source)}' name no token endpoint",
            "Name it in the login file (token-endpoint)",
        )
    if "@" in split_url(endpoint).netloc:
        raise NetError(
            f"the metadata of '{redacted_url(source)}' name a token endpoint with a user in it",
            "Name it in the login file (token-endpoint), without the user",
        )
    return endpoint


def check_confidential(url: str, *, insecure: bool) -> None:
    """Raises NetError for a connection in clear, unless the user has allowed it."""
    origin_of(url)
    if not insecure and not is_confidential(url):
        raise NetError(
            f"'{redacted_url(url)}' is not encrypted: others could read the login",
            "Use https; or write 'insecure: true' if you trust the whole network in between",
        )


def _first_document(session: Session, urls: list[str]) -> dict[str, Any]:
    for url in urls:
        response = session.request("GET", url, headers={"Accept": "application/json"})
        if (document := json_document(response)) is not None:
            return document
    raise NetError(
        f"{response}: there is no token endpoint to be discovered",
        "Name it in the login file (token-endpoint), or check the address",
    )
