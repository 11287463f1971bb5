"""Credentials in memory: renewed before they expire, and once for all threads."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final, NoReturn

from fhir_kb.net.errors import NetError
from fhir_kb.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MARGIN: Final = 30.0
"""The longest margin: requests take time, and clocks differ."""
_SHARE: Final = 0.2
"""What the margin takes of a short life, and a second more: servers count in whole ones."""
_PATIENCE: Final = 5.0
"""Seconds until a renewal that failed is tried again, while the token is still good."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Credentials, and for how long they are valid."""

    authorization: str = field(repr=False)
    """The value of the Authorization header."""
    since: float = 0.0
    """When they were requested, by the clock of the cache."""
    lifetime: float = inf
    """In seconds."""


@dataclass(frozen=True, slots=True)
class _Cached:
    authorization: str = field(repr=False)
    serial: int
    renew_at: float
    ends_at: float


class CredentialCache:
    """`Credentials` for one server, by several threads. Cannot be copied, pickled or shown.

    fetch: gets what lets us in; raises NetError. It is called by one thread at a time: first when
    it is needed, then before it runs out, and when the server has refused it. clock: in seconds.
    """

    def __init__(
        self,
        server: str,
        fetch: Callable[[], Grant],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._origin = origin_of(server)
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: _Cached | None = None
        self._serial = 0
        self._ended = 0  # attempts that came to their end
        self._failure: NetError | None = None
        self._thread = threading.local()

    def __repr__(self) -> str:
        return f"CredentialCache({self._origin!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials stay in the memory of their process")

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The header for a request to our server; none for other ones. Raises NetError."""
        self._thread.serial = 0
        if origin_of(url) != self._origin:
            return {}
        cached = self._current()
        self._thread.serial = cached.serial
        return {"Authorization": cached.authorization}

    def renew(self) -> bool:
        """Whether there is something other now than what this thread was refused with.

        Raises NetError where it cannot be had.
        """
        rejected: int = getattr(self._thread, "serial", 0)
        if not rejected:
            return False
        ended = self._ended
        with self._lock:
            if self._cached is not None and self._cached.serial != rejected:
                return True
            if self._ended != ended:  # somebody else asked while we waited: so did we
                self._raise_failure()
                return False
            return self._renewed().serial != rejected

    def _current(self) -> _Cached:
        cached = self._cached
        if cached is not None and self._clock() < cached.renew_at:
            return cached
        ended = self._ended
        with self._lock:
            cached = self._cached
            if cached is not None and self._clock() < cached.renew_at:
                return cached
            if self._ended != ended:  # somebody else asked while we waited, in vain
                self._raise_failure()
            return self._renewed() if cached is None else self._renewed_or(cached)

    def _renewed_or(self, cached: _Cached) -> _Cached:
        """Something new, or what is good for some seconds still."""
        try:
            return self._renewed()
        except NetError:
            now = self._clock()
            if now >= cached.ends_at:
                raise
            later = min(now + _PATIENCE, cached.ends_at)
            self._cached = _Cached(cached.authorization, cached.serial, later, cached.ends_at)
            return self._cached

    def _renewed(self) -> _Cached:
        """Ask; what comes is cached from now on. The lock is ours."""
        self._failure = None
        try:
            grant = self._fetch()
        except NetError as error:
            self._failure = error
            raise
        finally:
            self._ended += 1
        ends_at = grant.since + grant.lifetime
        cached = self._cached
        if cached is None or cached.authorization != grant.authorization:
            self._serial += 1
        self._cached = _Cached(
            grant.authorization, self._serial, ends_at - _margin(grant.lifetime), ends_at
        )
        return self._cached

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure = self._failure
            raise NetError(failure.message, failure.help, failure.status)


def _margin(lifetime: float) -> float:
    """Seconds before its end in which a token is renewed."""
    return 0.0 if lifetime == inf else min(_MARGIN, lifetime * _SHARE + 1.0, lifetime / 2)
