"""A compiled part of an expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.fhirpath.scope import Scope, truth

if TYPE_CHECKING:
    from fhir_kb.fhirpath.functions.registry import Run
    from fhir_kb.fhirpath.pure import Pure
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

    def as_truth(self) -> Truth:
        """The code as a three-valued truth."""
        if self.truth is not None:
            return self.truth
        run = self.run
        return lambda scope: truth(run(scope))
