"""Three answers instead of two: True, False, and None for what cannot be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """True where one is; False where all are. Later answers are not asked for after a True."""
    found: bool | None = False
    for one in answers:
        if one:
            return True
        if one is None:
            found = None
    return found


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """False where one is; True where all are. Later answers are not asked for after a False."""
    found: bool | None = True
    for one in answers:
        if one is None:
            found = None
        elif not one:
            return False
    return found


def negated(answer: bool | None) -> bool | None:
    """The contrary; of what is not known, it is not known either."""
    return None if answer is None else not answer
