"""What keeps a push from being made."""

from __future__ import annotations


class PushError(Exception):
    """For people: what stands in the way, and what to do. Never with a secret.

    usage: whether other words on the command line would do.
    """

    def __init__(self, message: str, advice: str = "", *, usage: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.help = advice
        self.usage = usage
