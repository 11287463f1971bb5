"""The ways to log in, as the user wrote them. None of them holds a secret, only where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from fhir_kb.net.login.secret_sources import Secret

ClientAuthentication: TypeAlias = Literal["basic", "post", "certificate"]
"""How a client shows its secret (RFC 6749, 2.3.1), or its certificate instead (RFC 8705)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Mutual TLS: files (PEM) that show who we are. key "": the first file holds both."""

    certificate: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class NoLogin:
    """The server lets everybody in."""


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password (RFC 7617). insecure: also where others can listen."""

    user: str
    password: Secret
    certificate: Certificate | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that somebody else renews (RFC 6750). insecure: also where others can listen."""

    token: Secret
    certificate: Certificate | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Tokens for a client id and its secret (RFC 6749, 4.4).

    token_endpoint: "" to ask the issuer for it, or without one the FHIR server. secret: None where
    the certificate stands for it. audience, resource: what some servers want to be told.
    """

    client_id: str
    secret: Secret | None = None
    authentication: ClientAuthentication = "basic"
    token_endpoint: str = ""
    issuer: str = ""
    scopes: tuple[str, ...] = ()
    audience: str = ""
    resource: str = ""
    certificate: Certificate | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class SmartBackend:
    """SMART Backend Services: tokens for what our private key has signed.

    keys: a JWKS, a PEM file or a folder of these. kid: the name of a single PEM key at the server;
    "" for the file's name. passphrase: of the PEM files. token_endpoint: "" to ask the FHIR server.
    """

    client_id: str
    keys: str
    scopes: tuple[str, ...]
    kid: str = ""
    passphrase: Secret | None = None
    token_endpoint: str = ""
    certificate: Certificate | None = None
    insecure: bool = False


Login: TypeAlias = NoLogin | Basic | Bearer | ClientCredentials | SmartBackend | Certificate
