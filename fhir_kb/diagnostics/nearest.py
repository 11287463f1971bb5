"""The known word that is nearest to an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate closest to `word`, or None where none is near."""
    from difflib import get_close_matches

    by_folded = {
        candidate.casefold().replace("_", "-"): candidate for candidate in sorted(candidates)
    }
    match = get_close_matches(word.casefold().replace("_", "-"), by_folded, n=1, cutoff=0.6)
    return by_folded[match[0]] if match else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """A help line for an unknown word: the nearest candidate, or all if they are few."""
    candidates = sorted(candidates)
    if (match := nearest(word, candidates)) is not None:
        return f"did you mean '{match}'?"
    if 0 < len(candidates) <= 12:
        return "expected one of: " + ", ".join(candidates)
    return None
