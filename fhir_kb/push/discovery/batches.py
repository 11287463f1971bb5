"""Search values in batches that a server takes in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

THREADS: Final = 4
"""Requests at the same time."""
_MAX_VALUES: Final = 1000
_MAX_LENGTH: Final = 50_000
"""Characters of one batch before they are encoded: HAPI takes 260 kB of a form."""


def batches(values: Sequence[str]) -> Iterator[list[str]]:
    """The values in batches, in order."""
    batch: list[str] = []
    length = 0
    for value in values:
        if batch and (len(batch) == _MAX_VALUES or length + len(value) > _MAX_LENGTH):
            yield batch
            batch, length = [], 0
        batch.append(value)
        length += len(value)
    if batch:
        yield batch
