"""A response as the rest of the program sees it; it knows nothing of `requests`."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fhir_kb.net.redaction import redact
from fhir_kb.net.retry import retry_after_seconds, tries_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOKED_AT: Final = 2**14
"""The bytes of a page in which its title is looked for."""
_LONGEST_TITLE: Final = 80
_TAG: Final = re.compile(r"<[^<>]*>")


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
    moved_to: str = ""
    """The address to which a redirect led, without secrets; "" where there was none."""

    @property
    def retry_after(self) -> float:
        """Seconds that the server asks to wait; 0 where it does not say."""
        return retry_after_seconds(self.headers.get("retry-after", ""))

    @property
    def is_html(self) -> bool:
        """Whether a web page came, such as that of a proxy or of a login."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or (self.content.lstrip()[:1] == b"<" and "xml" not in kind)

    @property
    def page(self) -> str:
        """What came where it is a web page: "an HTML page 'Forbidden'"; "" for anything else."""
        if not self.is_html:
            return ""
        title = page_title(self.content, self.headers.get("content-type", ""))
        return f"an HTML page '{title}'" if title else "an HTML page"

    def __str__(self) -> str:
        """Such as "GET https://fhir.example/metadata: HTTP 503 (tried 6 times in 31 s)"."""
        tries = tries_text(self.tries, self.seconds)
        return f"{self.method} {self.url}: {status_text(self.status)}" + (tries and f" ({tries})")


def page_title(content: bytes, content_type: str = "") -> str:
    """The title of a web page, or its first heading, on one short line; "" for none."""
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    try:
        text = content[:_LOOKED_AT].decode(charset or "utf-8", "replace")
    except LookupError:
        text = content[:_LOOKED_AT].decode("utf-8", "replace")
    lowered = text.lower()
    for name in ("title", "h1"):
        start = lowered.find(f"<{name}")
        begin = lowered.find(">", start) if start >= 0 else -1
        end = lowered.find(f"</{name}", begin) if begin >= 0 else -1
        if end < 0 or len(lowered) != len(text):
            continue
        inner = html.unescape(_TAG.sub(" ", text[begin + 1 : end]))
        shown = "".join(letter if letter.isprintable() else " " for letter in inner)
        title = " ".join(redact(shown).split())
        if title:
            return title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…"
    return ""


def status_text(status: int) -> str:
    """Such as "HTTP 503 Service Unavailable"."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
