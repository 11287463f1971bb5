"""When a request is sent again, and how long to wait before: one policy for everything.

A request has six tries at most, and none begins later than two minutes after the first. Waits grow
(0.5, 1, 2, 4, 8 s) and are uneven, so that many clients do not come back at once. `Retry-After` is
obeyed up to 30 s; a server that asks for more is asked again after that.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from fhir_kb.net.redaction import redacted_url

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES: Final = 6
TOTAL_SECONDS: Final = 120.0
FIRST_WAIT: Final = 0.5
MAX_WAIT: Final = 30.0
UNAVAILABLE: Final = frozenset({429, 502, 503, 504})
"""The statuses of a server, or of something before it, that has no time: a retry may help."""
_MAX_DIGITS: Final = 9
_LOG: Final = logging.getLogger(__name__)
logging.getLogger("fhir_kb").addHandler(logging.NullHandler())  # silent unless configured
_JITTER: Final = random.SystemRandom().random


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause before the next try."""

    method: str
    url: str
    """Without secrets."""
    reason: str
    """Such as "HTTP 503"."""
    seconds: float
    number: int
    """Of the try that comes next; the first is 1."""
    tries: int
    """How many there are at most."""
    requested: float
    """Seconds that the server asked for; 0 where it did not. It may be more than is waited."""

    def __str__(self) -> str:
        """One line for people: "HTTP 503, waiting 8 s, try 3 of 6"."""
        asked = f" (the server asks for {self.requested:.0f} s)" if self.is_capped else ""
        waiting = f"waiting {_duration(self.seconds)}{asked}"
        return f"{self.reason}, {waiting}, try {self.number} of {self.tries}"

    @property
    def is_capped(self) -> bool:
        """Whether the server asked for a longer wait than it gets."""
        return self.requested > self.seconds


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for how long a request is tried; see the module."""

    tries: int = TRIES
    total_seconds: float = TOTAL_SECONDS
    """No try begins later than this after the first."""
    first_wait: float = FIRST_WAIT
    max_wait: float = MAX_WAIT
    on_wait: Callable[[Wait], None] | None = field(default=None, repr=False, compare=False)
    """Is told before every wait; called by the thread that waits."""

    def seconds(self, number: int, requested: float = 0.0, jitter: float = 0.0) -> float:
        """The wait after try `number`; jitter: from 0 to 1, for up to half as long again."""
        wait = requested or self.first_wait * 2.0 ** (min(number, 16) - 1)
        return min(wait, self.max_wait) * (1 + jitter / 2)


class Attempts:
    """The tries of one request. Used by one thread."""

    def __init__(
        self,
        policy: RetryPolicy,
        method: str,
        url: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = _JITTER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._method = method
        self._url = url
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock
        self._start = clock()
        self._waited = 0.0
        self.number = 0

    def begin(self) -> None:
        """Count a try that begins now."""
        self.number += 1

    @property
    def seconds(self) -> float:
        """Since the first try."""
        return max(self._clock() - self._start, self._waited)

    def wait(self, reason: str, retry_after: float = 0.0, tries: int | None = None) -> bool:
        """Wait before the next try; False, at once, where there is none.

        Args:
            reason: Why the last try was not enough, such as "HTTP 503".
            retry_after: Seconds that the server asks for; 0 where it does not.
            tries: How many there are at most; None: as the policy says.
        """
        most = self._policy.tries if tries is None else min(tries, self._policy.tries)
        seconds = self._policy.seconds(self.number, retry_after, self._jitter())
        over = self.seconds + seconds > self._policy.total_seconds
        if self.number >= most or over:
            return False
        url = redacted_url(self._url)
        pause = Wait(self._method, url, reason, seconds, self.number + 1, most, retry_after)
        _LOG.info("%s %s: %s", self._method, redacted_url(self._url, query=True), pause)
        if self._policy.on_wait is not None:
            self._policy.on_wait(pause)
        self._sleep(seconds)
        self._waited += seconds
        return True

    def summary(self) -> str:
        """How often it was tried, and over how long: "tried 6 times in 31 s"; "" for once."""
        return tries_text(self.number, self.seconds)


def tries_text(tries: int, seconds: float) -> str:
    """Such as "tried 6 times in 31 s"; "" for a single try."""
    return f"tried {tries} times in {_duration(seconds)}" if tries > 1 else ""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"


def retry_after_seconds(value: str) -> float:
    """What a Retry-After header asks for; 0 for the past and for nonsense.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    if value.isdecimal():
        return float(value[:_MAX_DIGITS])
    try:
        when = parsedate_to_datetime(value)
        zoned = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (zoned - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 0.0
