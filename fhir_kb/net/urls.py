"""URLs: their parts, and which server they belong to."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urljoin, urlsplit

from fhir_kb.net.errors import NetError
from fhir_kb.net.redaction import redacted_url

_PORTS = {"http": 80, "https": 443}


def split_url(url: str) -> SplitResult:
    """The parts of an http or https URL. Raises NetError for anything else."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= 32 for character in url):
        raise NetError(
            f"'{redacted_url(url)}' is not a web address", "Give one that starts with https://"
        )
    return parts


def join_url(base: str, reference: str) -> str:
    """The URL that a reference means at `base`; the reference itself where it is malformed.

    A request to that then raises NetError.
    """
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def origin_of(url: str) -> str:
    """Scheme, host and port: "https://example.org:443". Raises NetError."""
    parts = split_url(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def without_user(url: str) -> str:
    """The URL without the user and password in it: those of a link are never used."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def is_confidential(url: str) -> bool:
    """Whether nobody on the way can read it: https, or this machine itself."""
    parts = split_url(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
