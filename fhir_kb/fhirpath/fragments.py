"""A compiled part of an expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.items import EMPTY, FALSE, TRUE, Element, Item
from fhir_kb.fhirpath.scope import Scope, truth

if TYPE_CHECKING:
    from fhir_kb.fhirpath.functions.registry import Run
    from fhir_kb.fhirpath.pure import Flag, Pure
    from fhir_kb.fhirpath.typing_rules import Types

Truth: TypeAlias = Callable[[Scope], "bool | None"]


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled part of an expression.

    run: gives the collection. truth: the same as a three-valued truth, where it is one.
    ordered: whether the items have an order that means something.
    pure: how to do it on plain JSON without scopes and elements, where that is possible.
    """

    run: Run
    types: Types = None
    truth: Truth | None = None
    ordered: bool = True
    pure: Pure | None = None

    def quick(self) -> Code:
        """The same, but with its pure form tried first, where it has one that is a truth."""
        flag = None if self.pure is None else self.pure.as_flag()
        if flag is None or self.pure is None or self.pure.constant is not None:
            return self
        quick = _hybrid(flag, self.as_truth())

        def run(scope: Scope) -> list[Item]:
            value = quick(scope)
            return EMPTY if value is None else TRUE if value else FALSE

        is_boolean = self.truth is not None or self.pure.flag is not None
        return Code(run if is_boolean else self.run, self.types, quick, self.ordered, self.pure)

    def as_truth(self) -> Truth:
        """The code as a three-valued truth."""
        if self.truth is not None:
            return self.truth
        run = self.run
        return lambda scope: truth(run(scope))


def _hybrid(flag: Flag, full: Truth) -> Truth:
    def quick(scope: Scope) -> bool | None:
        this = scope.this
        if len(this) == 1:
            item = this[0]
            if isinstance(item, Element) and isinstance(item.value, dict):
                try:
                    return flag(item.value)
                except FHIRPathError:
                    pass  # the full evaluation decides
        return full(scope)

    return quick
