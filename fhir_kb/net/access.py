"""How a server is reached, and who may see the token."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhir_kb.net.urls import is_private_talk, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Access:
    """url: the server that the token belongs to; no other host gets it.

    user: whose password the token is, for servers that ask for both; "" for those that ask for a
    token alone. ca_file: certificates (PEM) to trust; "" for the usual ones, or those that
    REQUESTS_CA_BUNDLE names. proxy: "" for what HTTPS_PROXY and NO_PROXY say.
    """

    url: str = ""
    token: str = field(default="", repr=False)
    ca_file: str = ""
    proxy: str = field(default="", repr=False)
    user: str = ""

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The headers that let us in at `url`: none at another origin, none where others listen."""
        if (
            self.token
            and self.url
            and origin_of(url) == origin_of(self.url)
            and is_private_talk(url)
        ):
            return {"Authorization": self._words()}
        return {}

    def renew(self) -> bool:
        """False: the token is the one that the user gave."""
        return False

    def _words(self) -> str:
        if not self.user:
            return f"Bearer {self.token}"
        return f"Basic {base64.b64encode(f'{self.user}:{self.token}'.encode()).decode()}"
