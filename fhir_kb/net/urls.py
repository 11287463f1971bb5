"""Addresses: what may be shown of them, and whom they belong to."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from fhir_kb.net.errors import NetError

_PORTS = {"http": 80, "https": 443}


def split(url: str) -> SplitResult:
    """The parts of an http or https address. Raises NetError for anything else."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or any(ord(one) <= 32 for one in url):
        raise NetError(
            f"'{shown(url)}' is no address on the web", "Give one that starts with https://"
        )
    return parts


def joined(base: str, reference: str) -> str:
    """The address that a reference means at `base`; the reference itself where it makes no sense.

    Whoever then goes there is told that it is no address.
    """
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def origin_of(url: str) -> str:
    """Scheme, host and port: "https://example.org:443". Raises NetError."""
    parts = split(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def shown(url: str) -> str:
    """The address without what may be secret: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def is_private_talk(url: str) -> bool:
    """Whether nobody on the way can listen: https, or this machine itself."""
    parts = split(url)
    return parts.scheme == "https" or _is_here(parts.hostname or "")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
