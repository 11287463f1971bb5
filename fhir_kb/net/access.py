"""How a server is reached, and who may see the token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhir_kb.net.urls import is_private_talk, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Access:
    """url: the server that the token belongs to; no other host gets it.

    ca_file: certificates (PEM) to trust instead of the usual ones; "" for the usual ones, or
    those that REQUESTS_CA_BUNDLE names. proxy: "" for what HTTPS_PROXY and NO_PROXY say.
    """

    url: str = ""
    token: str = field(default="", repr=False)
    ca_file: str = ""
    proxy: str = field(default="", repr=False)

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The headers that let us in at `url`: none at another origin, none where others listen."""
        if (
            self.token
            and self.url
            and origin_of(url) == origin_of(self.url)
            and is_private_talk(url)
        ):
            return {"Authorization": f"Bearer {self.token}"}
        return {}
