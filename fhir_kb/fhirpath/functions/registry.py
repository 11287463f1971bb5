"""How a FHIRPath function is declared, and all that are."""

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
    """A function of the language.

    lazy: for each parameter whether the function evaluates it itself (for each item).
    least: how many arguments are needed. variadic: the last parameter may be repeated.
    returns: the System type of the result; "=": the input's type; "0", "1": that argument's; "":
        not known beforehand. needs_order: the result depends on the order of the input.
    single: the input may hold one item at most.
    """

    name: str
    run: Implementation
    lazy: tuple[bool, ...]
    least: int
    variadic: bool = False
    returns: str = ""
    needs_order: bool = False

    @property
    def most(self) -> int:
        """How many arguments it may have."""
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
