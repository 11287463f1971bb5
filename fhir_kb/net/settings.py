"""How a server is reached: credentials, certificates, proxy, limits, retries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from fhir_kb.net.access import Access
from fhir_kb.net.retry import UNAVAILABLE, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RESPONSE: Final = 64 * 2**20
CONNECT_TIMEOUT: Final = 10.0
READ_TIMEOUT: Final = 60.0
WHOLE_TIMEOUT: Final = 900.0
GRACE: Final = 60.0
SLOWEST: Final = 10 * 1024.0


class Credentials(Protocol):
    """What lets us in at a server."""

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The headers for a request to `url`; none where they do not belong. Raises NetError."""

    def renew(self) -> bool:
        """After HTTP 401: whether there are other credentials now. Raises NetError."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How a server is reached."""

    credentials: Credentials = field(default_factory=Access, repr=False)
    server: str = ""
    """The URL that the client certificate is for."""
    ca_file: str = ""
    """Certificates (PEM) to trust; "" for the usual ones, or those of REQUESTS_CA_BUNDLE."""
    certificate: str = ""
    """The client certificate, a file (PEM)."""
    key: str = ""
    """The key of the client certificate; "" where one file holds both."""
    proxy: str = field(default="", repr=False)
    """ "" for what HTTPS_PROXY and NO_PROXY say."""
    connect_timeout: float = CONNECT_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    whole_timeout: float = WHOLE_TIMEOUT
    """Seconds for all of a response; not for a file, whose size is known to be large."""
    grace: float = GRACE
    """Seconds from the first byte of a response on, beside those that its bytes take."""
    scrubs: bool = True
    """Whether credentials of ours are taken out of responses; False where one is asked for."""
    slowest: float = SLOWEST
    """Bytes a second of a response, once the grace is over."""
    max_response: int = MAX_RESPONSE
    """In bytes."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    retry_statuses: frozenset[int] = UNAVAILABLE
    """The statuses after which a read is tried again."""
