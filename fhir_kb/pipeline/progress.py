"""How a long job tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Somebody who watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins, of `total` steps where that is known."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the stage are done."""


class NullProgress:
    """Nobody watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Nothing to do."""

    def advance(self, steps: int = 1) -> None:
        """Nothing to do."""
