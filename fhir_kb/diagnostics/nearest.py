"""The known word that is nearest to an unknown one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to `word`, or None where nothing is near."""
    candidates = sorted(known)
    by_folded = {candidate.casefold().replace("_", "-"): candidate for candidate in candidates}
    match = get_close_matches(word.casefold().replace("_", "-"), by_folded, n=1, cutoff=0.6)
    return by_folded[match[0]] if match else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help line for an unknown word: the nearest known one, or the list if it is short."""
    known = sorted(known)
    if (match := nearest(word, known)) is not None:
        return f"did you mean '{match}'?"
    if 0 < len(known) <= 12:
        return "expected one of: " + ", ".join(known)
    return None
