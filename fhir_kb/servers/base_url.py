"""The base URL of a server, as its owner wrote it, and the addresses below it.

Some servers take a transaction at `…/fhir` only, others at `…/fhir/` only, so the slash at the end
is kept for that. Everything else is below: an id or a link of a server leads nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from fhir_kb.net import NetError, join_url, origin_of, redacted_url
from fhir_kb.servers.protocol import ServerError

if TYPE_CHECKING:
    from fhir_kb.net.redirects import RedirectedError

_DOTS: Final = frozenset({".", ".."})
_AMBIGUOUS: Final = re.compile(r"\\|%(?:2f|5c|25|00)", re.IGNORECASE)
"""What servers and proxies read differently: encoded slashes and percent signs, backslashes."""
_ENCODED_DOT: Final = re.compile(r"%2e", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """See the module."""

    written: str
    """With its slash, where its owner wrote one: the address of transactions and batches."""

    @property
    def root(self) -> str:
        """Without the slash: how messages and files name the server."""
        return self.written.rstrip("/")

    def below(self, *segments: str, query: str = "") -> str:
        """The address of a type, resource or operation. Raises ServerError for no such name."""
        for segment in segments:
            if not segment or segment in _DOTS:
                raise ServerError(
                    f"{self.root}: '{segment}' is no name of a type or resource",
                    "Ask the operator of the server: FHIR allows letters, digits, '-' and '.'",
                )
        path = "/".join(quote(segment, safe="$") for segment in segments)
        return f"{self.root}/{path}" + (query and f"?{query}")

    def page(self, link: str) -> str:
        """The address of a next page at this server: behind a proxy, servers often misname it.

        Raises:
            ServerError: It leads to another path than below the base.
        """
        own = urlsplit(self.root)
        try:
            target = urlsplit(join_url(f"{self.root}/", link))
            is_own = "://" in link and origin_of(link) == origin_of(self.root)
            origin_of(target.geturl())
        except (NetError, ValueError):
            raise self._elsewhere(link) from None
        path = _without_dots(target.path)
        if path is None or not _is_below(path, own.path) or not (is_own or target.query):
            raise self._elsewhere(link)
        return target._replace(
            scheme=own.scheme, netloc=own.netloc, path=path, fragment=""
        ).geturl()

    def moved(self, requested: str, target: str) -> str:
        """The base to which a redirect leads; "" where that cannot be told.

        requested, target: the address that was sent to, and that of the redirect.
        """
        requested, target = redacted_url(requested), target.partition("?")[0]
        if requested.rstrip("/") == redacted_url(self.root):
            return target
        suffix = requested.removeprefix(redacted_url(self.root))
        return target.removesuffix(suffix) if target.endswith(suffix) and suffix else ""

    def redirected(self, error: RedirectedError, requested: str) -> ServerError:
        """The error for a request that the server sends elsewhere; it names the new base."""
        moved, advice = self.moved(requested, error.target), error.help
        if moved and moved.rstrip("/") == redacted_url(self.root):
            slash = "ends with" if moved.endswith("/") else "has no"
            advice = f"The server's base {slash} a slash: write '{moved}' (url in kb.yaml)"
        elif moved:
            advice = f"If that is the server that you mean, write '{moved}' (url in kb.yaml)"
        return ServerError(error.message, advice, error.status)

    def _elsewhere(self, link: str) -> ServerError:
        return ServerError(
            f"{self.root}: the link to the next page leads to another server or path: "
            f"'{redacted_url(link)}'",
            "Ask the operator of the server to correct its own base URL",
        )


def _without_dots(path: str) -> str | None:
    """The path without "." and ".."; None where it leads above "/", or can be read differently."""
    if _AMBIGUOUS.search(path):
        return None
    segments: list[str] = []
    for segment in _ENCODED_DOT.sub(".", path).split("/")[1:]:
        if segment == "..":
            if not segments:
                return None
            segments.pop()
        elif segment != ".":
            segments.append(segment)
    return "/" + "/".join(segments)


def _is_below(path: str, base: str) -> bool:
    own = [segment for segment in base.split("/") if segment]
    return [segment for segment in path.split("/") if segment][: len(own)] == own
