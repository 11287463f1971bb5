"""The declaration of FHIRPath functions, and the registry of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.fhirpath.evaluation.items import Item

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.scope import Run, Scope

Implementation: TypeAlias = Callable[..., list[Item]]
"""(scope, input collection, *arguments) -> result; an eager argument is a collection."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language."""

    name: str
    run: Implementation
    lazy: tuple[bool, ...]
    """For each parameter whether the function evaluates it itself (for each item)."""
    least: int
    """The number of arguments that are required."""
    variadic: bool = False
    """Whether the last parameter may be repeated."""
    returns: str = ""
    """The System type of the result; "=": the type of the input; "0": that of the first argument;
    "": not known before the evaluation."""
    needs_order: bool = False
    """Whether the result depends on the order of the input."""

    @property
    def most(self) -> int:
        """The largest number of arguments."""
        return 1000 if self.variadic else len(self.lazy)

    def is_lazy(self, position: int) -> bool:
        """Whether the argument at that position is evaluated by the function."""
        return self.lazy[min(position, len(self.lazy) - 1)]


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, *parameters: str, returns: str = "", needs_order: bool = False
) -> Callable[[Implementation], Implementation]:
    """Declare a function. A parameter is "value" or "lazy", with "?" if optional, "*" if many."""

    def declare(run: Implementation) -> Implementation:
        FUNCTIONS[name] = Function(
            name=name,
            run=run,
            lazy=tuple(parameter.startswith("lazy") for parameter in parameters),
            least=sum(1 for parameter in parameters if parameter[-1] not in "?*"),
            variadic=any(parameter.endswith("*") for parameter in parameters),
            returns=returns,
            needs_order=needs_order,
        )
        return run

    return declare


def each(scope: Scope, items: list[Item], lazy: Run) -> Any:
    """The result of `lazy` for each item in turn, as (item, result)."""
    inner = scope.inner()
    scope.env.spend(len(items))
    for index, item in enumerate(items):
        inner.this = [item]
        inner.index = index
        yield item, lazy(inner)
