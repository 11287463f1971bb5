"""The types of login of the login file. None of them holds a secret, only where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from fhir_kb.net.login.secret_sources import Secret

ClientAuthentication: TypeAlias = Literal["basic", "post", "certificate"]
"""How a client shows its secret (RFC 6749, 2.3.1), or its certificate instead (RFC 8705)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Mutual TLS with a client certificate: files in PEM."""

    certificate: str
    key: str = ""
    """ "" where the first file holds both."""


@dataclass(frozen=True, slots=True)
class NoLogin:
    """The server needs no login."""


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password (RFC 7617)."""

    user: str
    password: Secret
    certificate: Certificate | None = None
    insecure: bool = False
    """Whether the login may go over a connection in clear."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that somebody else renews (RFC 6750)."""

    token: Secret
    certificate: Certificate | None = None
    insecure: bool = False
    """Whether the login may go over a connection in clear."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Tokens for a client id and its secret (RFC 6749, 4.4)."""

    client_id: str
    secret: Secret | None = None
    """None where the certificate stands for it."""
    authentication: ClientAuthentication = "basic"
    token_endpoint: str = ""
    """ "" to discover it at the issuer, or without one at the FHIR server."""
    issuer: str = ""
    scopes: tuple[str, ...] = ()
    audience: str = ""
    """A parameter that some servers require, as is `resource`."""
    resource: str = ""
    certificate: Certificate | None = None
    insecure: bool = False
    """Whether the login may go over a connection in clear."""


@dataclass(frozen=True, slots=True)
class SmartBackend:
    """SMART Backend Services: tokens for statements that our private key signs."""

    client_id: str
    keys: str
    """A JWKS, a PEM file or a folder of these."""
    scopes: tuple[str, ...]
    kid: str = ""
    """The name of a single PEM key at the server; "" for the file's name."""
    passphrase: Secret | None = None
    """Of the PEM files."""
    token_endpoint: str = ""
    """ "" to discover it at the FHIR server."""
    certificate: Certificate | None = None
    insecure: bool = False
    """Whether the login may go over a connection in clear."""


Login: TypeAlias = NoLogin | Basic | Bearer | ClientCredentials | SmartBackend | Certificate
