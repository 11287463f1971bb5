"""A response as the rest of the program sees it; it knows nothing of `requests`."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from fhir_kb.net.retry import retry_after_seconds, tries_text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Response:
    """The response to a request, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes
    url: str
    """Where it came from after all redirections, without secrets."""
    method: str = "GET"
    tries: int = 1
    """How often the request was sent."""
    seconds: float = 0.0
    """From the first try to the end of the last."""

    @property
    def retry_after(self) -> float:
        """Seconds that the server asks to wait; 0 where it does not say."""
        return retry_after_seconds(self.headers.get("retry-after", ""))

    @property
    def is_html(self) -> bool:
        """Whether a web page came, such as that of a proxy or of a login."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or (self.content.lstrip()[:1] == b"<" and "xml" not in kind)

    def __str__(self) -> str:
        """Such as "GET https://fhir.example/metadata: HTTP 503 (tried 6 times in 31 s)"."""
        tries = tries_text(self.tries, self.seconds)
        return f"{self.method} {self.url}: {status_text(self.status)}" + (tries and f" ({tries})")


def status_text(status: int) -> str:
    """Such as "HTTP 503 Service Unavailable"."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
