"""Three-valued logic (Kleene): True, False, and None for unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """True if any answer is True, False if all are False, else None; stops at the first True."""
    result: bool | None = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            result = None
    return result


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """False if any answer is False, True if all are True, else None; stops at the first False."""
    result: bool | None = True
    for answer in answers:
        if answer is None:
            result = None
        elif not answer:
            return False
    return result


def negated(answer: bool | None) -> bool | None:
    """The negation; None stays None."""
    return None if answer is None else not answer
