"""How a server is reached with a fixed token, and which URLs may get that."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhir_kb.net.redaction import protect_credentials
from fhir_kb.net.urls import is_confidential, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Access:
    """A token and the server that it belongs to, own certificates, a proxy."""

    url: str = ""
    """The server that the token belongs to; no other host gets it."""
    token: str = field(default="", repr=False)
    ca_file: str = ""
    """Certificates (PEM) to trust; "" for the usual ones, or those of REQUESTS_CA_BUNDLE."""
    proxy: str = field(default="", repr=False)
    """ "" for what HTTPS_PROXY and NO_PROXY say."""
    user: str = ""
    """The user whose password the token is; "" where the server takes a token alone."""

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The Authorization header: none for another origin, none over a connection in clear."""
        is_ours = self.token and self.url and origin_of(url) == origin_of(self.url)
        if not is_ours or not is_confidential(url):
            return {}
        pair = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        protect_credentials(self.token, pair)
        return {"Authorization": f"Basic {pair}" if self.user else f"Bearer {self.token}"}

    def renew(self) -> bool:
        """False: the token is the one that the user gave."""
        return False
