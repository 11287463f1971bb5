"""What lets us in, kept in memory: renewed in time, and once for all threads."""

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
    """words: the Authorization header. since: when it was asked for. lifetime: in seconds."""

    words: str = field(repr=False)
    since: float = 0.0
    lifetime: float = inf


@dataclass(frozen=True, slots=True)
class _Held:
    words: str = field(repr=False)
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
        self._held: _Held | None = None
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
        held = self._current()
        self._thread.serial = held.serial
        return {"Authorization": held.words}

    def renew(self) -> bool:
        """Whether there is something other now than what this thread was refused with.

        Raises NetError where it cannot be had.
        """
        refused: int = getattr(self._thread, "serial", 0)
        if not refused:
            return False
        seen = self._ended
        with self._lock:
            if self._held is not None and self._held.serial != refused:
                return True
            if self._ended != seen:  # somebody else asked while we waited: so did we
                self._raise_failure()
                return False
            return self._renewed().serial != refused

    def _current(self) -> _Held:
        held = self._held
        if held is not None and self._clock() < held.renew_at:
            return held
        seen = self._ended
        with self._lock:
            held = self._held
            if held is not None and self._clock() < held.renew_at:
                return held
            if self._ended != seen:  # somebody else asked while we waited, in vain
                self._raise_failure()
            return self._renewed() if held is None else self._renewed_or(held)

    def _renewed_or(self, held: _Held) -> _Held:
        """Something new, or what is good for some seconds still."""
        try:
            return self._renewed()
        except NetError:
            now = self._clock()
            if now >= held.ends_at:
                raise
            later = min(now + _PATIENCE, held.ends_at)
            self._held = _Held(held.words, held.serial, later, held.ends_at)
            return self._held

    def _renewed(self) -> _Held:
        """Ask; what comes is held from now on. The lock is ours."""
        self._failure = None
        try:
            grant = self._fetch()
        except NetError as error:
            self._failure = error
            raise
        finally:
            self._ended += 1
        ends_at = grant.since + grant.lifetime
        held = self._held
        if held is None or held.words != grant.words:
            self._serial += 1
        self._held = _Held(grant.words, self._serial, ends_at - _margin(grant.lifetime), ends_at)
        return self._held

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure = self._failure
            raise NetError(failure.message, failure.help, failure.status)


def _margin(lifetime: float) -> float:
    """Seconds before its end in which a token is renewed."""
    return 0.0 if lifetime == inf else min(_MARGIN, lifetime * _SHARE + 1.0, lifetime / 2)
