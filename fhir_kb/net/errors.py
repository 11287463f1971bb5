"""What goes wrong outside."""

from __future__ import annotations


class NetError(Exception):
    """No usable answer. message: one sentence, without secrets. advice: what to do about it.

    status: the HTTP status where there was one, else 0.
    """

    def __init__(self, message: str, advice: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.status = status

    @property
    def help(self) -> str:
        """What to do about it."""
        return self.advice

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.advice, self.status)


class OfflineError(NetError):
    """Somebody wanted to go out although that was not wished."""
