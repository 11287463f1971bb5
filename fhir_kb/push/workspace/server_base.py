"""Base URLs of servers: whether two of them are of one server."""

from __future__ import annotations

import ipaddress
import re
import socket
import string
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_ENCODED: Final = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset(f"{string.ascii_letters}{string.digits}-._~")
_PORTS: Final = {"http": 80, "https": 443}


class _Base(NamedTuple):
    scheme: str
    host: str
    port: int | None
    path: str


def is_same_base(first: str, second: str) -> bool:
    """Whether two URLs are the same base, however they are written.

    Case of scheme and host, a default port, "." and ".." in the path, letters that are encoded
    though they need not be, and further slashes do not count
    (https://www.rfc-editor.org/rfc/rfc3986#section-6.2).
    """
    return _parsed(first) == _parsed(second)


def normal_base(url: str) -> str:
    """A base URL without what does not count: the same text for all ways to write it."""
    base = _parsed(url)
    port = "" if base.port is None or base.port == _PORTS.get(base.scheme) else f":{base.port}"
    host = f"[{base.host}]" if ":" in base.host else base.host
    return f"{base.scheme}://{host}{port}{base.path}"


def is_same_machine(first: str, second: str) -> bool:
    """Whether two base URLs differ only in the name of this machine ("localhost", "127.0.0.1").

    Names are resolved; other addresses may be of several servers, so they do not count.
    """
    one, other = _parsed(first), _parsed(second)
    if (one.port, one.path) != (other.port, other.path):
        return False
    return _is_loopback(one.host) and _is_loopback(other.host)


def _parsed(url: str) -> _Base:
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError:
        port = None
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").rstrip(".")
    return _Base(scheme, host, port or _PORTS.get(scheme), _normal_path(parts.path))


def _normal_path(path: str) -> str:
    """The path with plain letters, without ".", ".." and empty segments."""
    segments: list[str] = []
    for segment in _ENCODED.sub(_plain, path).split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "".join(f"/{segment}" for segment in segments)


def _plain(encoded: re.Match[str]) -> str:
    letter = chr(int(encoded[1], 16))
    return letter if letter in _UNRESERVED else encoded[0].upper()


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _resolves_to_loopback(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified  # 0.0.0.0 is reached on this machine


def _resolves_to_loopback(host: str) -> bool:
    try:
        addresses = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return False
    return any(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in addresses)
