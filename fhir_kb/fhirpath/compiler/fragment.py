"""A compiled part of an expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.evaluation.items import EMPTY, FALSE, TRUE, Element, Item
from fhir_kb.fhirpath.evaluation.scope import Scope, truth

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.scope import Run
    from fhir_kb.fhirpath.fast_path.fast_path import FastPath, Test
    from fhir_kb.fhirpath.syntax import nodes
    from fhir_kb.fhirpath.types.static_types import Types

Truth: TypeAlias = Callable[[Scope], "bool | None"]
"""Gives the three-valued truth of a part in a scope."""
CompileNode: TypeAlias = "Callable[[nodes.Node, Types], Fragment]"
"""Compiles a node in a scope whose $this is of the given types."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A compiled part of an expression."""

    run: Run
    """Gives the collection."""
    types: Types = None
    truth: Truth | None = None
    """Gives the three-valued truth; None where the result is not a Boolean."""
    ordered: bool = True
    """Whether the order of the items means something."""
    fast_path: FastPath | None = None

    def with_fast_path(self) -> Fragment:
        """The same with its fast path tried first, where that gives a truth."""
        test = None if self.fast_path is None else self.fast_path.as_test()
        if test is None or self.fast_path is None or self.fast_path.constant is not None:
            return self
        fast_truth = _fast_or_full(test, self.as_truth())

        def run(scope: Scope) -> list[Item]:
            value = fast_truth(scope)
            return EMPTY if value is None else TRUE if value else FALSE

        is_boolean = self.truth is not None or self.fast_path.test is not None
        return Fragment(
            run if is_boolean else self.run, self.types, fast_truth, self.ordered, self.fast_path
        )

    def as_truth(self) -> Truth:
        """The part as a three-valued truth."""
        if self.truth is not None:
            return self.truth
        run = self.run
        return lambda scope: truth(run(scope))


def _fast_or_full(test: Test, full: Truth) -> Truth:
    def fast_truth(scope: Scope) -> bool | None:
        this = scope.this
        if len(this) == 1:
            item = this[0]
            if isinstance(item, Element) and isinstance(item.value, dict):
                try:
                    return test(item.value)
                except FHIRPathError:
                    pass  # the full evaluation decides
        return full(scope)

    return fast_truth
