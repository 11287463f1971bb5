"""What is said when a snapshot can't be made."""

from __future__ import annotations


class SnapshotError(Exception):
    """A snapshot can't be made; path: the element's id, or "". advice: what to do about it."""

    def __init__(self, message: str, path: str = "", advice: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.advice = advice
