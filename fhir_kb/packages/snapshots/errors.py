"""What is said when a snapshot can't be made."""

from __future__ import annotations


class SnapshotError(Exception):
    """A snapshot can't be made; path: the element's id, or "". advice: what to do about it.

    reason: the message without the path. certain: whether the differential is wrong, whatever
    else is known; otherwise it may be that something is missing, or read more strictly than usual.
    """

    def __init__(
        self, message: str, path: str = "", advice: str = "", *, certain: bool = False
    ) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.reason = message
        self.path = path
        self.certain = certain
        self.advice = advice
