"""What the outside world does to a command."""

from __future__ import annotations


class OutsideError(Exception):
    """The disk or the network stood in the way: one sentence, and what to do about it."""

    def __init__(self, message: str, advice: str | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = advice
        self.code = code
