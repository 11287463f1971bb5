"""What a fast check is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

#: Whether a JSON value certainly conforms; the number limits how much deeper to look.
FastCheck: TypeAlias = "Callable[[Any, int], bool]"


def undecided(_value: Any, _depth_left: int) -> bool:
    """The check for what only the walk can decide."""
    return False


def conjunction(checks: list[FastCheck]) -> FastCheck:
    """The check that all of them pass."""
    if undecided in checks:
        return undecided
    if not checks:
        return _always
    if len(checks) == 1:
        return checks[0]

    def every(value: Any, depth_left: int) -> bool:
        return all(check(value, depth_left) for check in checks)

    return every


def _always(_value: Any, _depth_left: int) -> bool:
    return True
