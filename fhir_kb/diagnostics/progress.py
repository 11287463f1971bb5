"""How a long job reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a job: stages, and steps within a stage."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins, of `total` steps where their number is known."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the current stage are done."""


class NullProgress:
    """Reports nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""
