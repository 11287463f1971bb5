"""Which simple values were found right together, so that they need no second look.

Resources repeat their codings, references and units more often than not. What is remembered was
right by itself, whatever resource it stood in: no value that names a contained resource is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

    from fhir_kb.validate.core.context import Checker

Fine: TypeAlias = "set[tuple[Any, ...]]"
#: How many combinations are remembered, and how many characters one may have.
_MOST: Final = 8192
_LONGEST: Final = 200


class Memory:
    """What is remembered for all kinds of objects, within one bound."""

    def __init__(self) -> None:
        #: Checks whose answer depends on nothing but the value.
        self.by_value: set[Checker] = set()
        self._all: list[Fine] = []
        self._count = 0

    def of(self, checks: Collection[Checker]) -> Fine | None:
        """A set for objects that are checked like that; None where more than values matters."""
        if not checks or not self.by_value.issuperset(checks):
            return None
        made: Fine = set()
        self._all.append(made)
        return made

    def add(self, fine: Fine, values: tuple[Any, ...]) -> None:
        """Remember values that were found right, if they are short strings."""
        length = 0
        for value in values:
            if type(value) is not str or value[:1] == "#":
                return
            length += len(value)
        if length > _LONGEST:
            return
        self._count += 1
        if self._count > _MOST:
            for one in self._all:
                one.clear()
            self._count = 1
        fine.add(values)
