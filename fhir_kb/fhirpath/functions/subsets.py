"""FHIRPath: Subsetting and Combining."""

from __future__ import annotations

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.equality import distinct as without_repetitions
from fhir_kb.fhirpath.evaluation.equality import item_set
from fhir_kb.fhirpath.evaluation.items import Item, value_of
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function


def integer(items: list[Item], what: str) -> int | None:
    """An argument that is a single Integer, or None where it is empty."""
    item = single(items, what)
    if item is None:
        return None
    value = value_of(item)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FHIRPathExecutionError(f"{what} needs an Integer")
    return value


@function("single", returns="=")
def only(_: Scope, focus: list[Item]) -> list[Item]:
    """The only item; an error where there are more."""
    single(focus, "single()")
    return focus


@function("first", returns="=", needs_order=True)
def first(_: Scope, focus: list[Item]) -> list[Item]:
    """The first item."""
    return focus[:1]


@function("last", returns="=", needs_order=True)
def last(_: Scope, focus: list[Item]) -> list[Item]:
    """The last item."""
    return focus[-1:]


@function("tail", returns="=", needs_order=True)
def tail(_: Scope, focus: list[Item]) -> list[Item]:
    """All but the first item."""
    return focus[1:]


@function("skip", "value", returns="=", needs_order=True)
def skip(_: Scope, focus: list[Item], number: list[Item]) -> list[Item]:
    """All but the first so many items."""
    return focus[max(integer(number, "skip()") or 0, 0) :]


@function("take", "value", returns="=", needs_order=True)
def take(_: Scope, focus: list[Item], number: list[Item]) -> list[Item]:
    """The first so many items."""
    return focus[: max(integer(number, "take()") or 0, 0)]


@function("intersect", "value", returns="=")
def intersect(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """What is in both, each once."""
    scope.env.spend(len(focus) + len(other))
    others = item_set(other, scope.env)
    return without_repetitions([item for item in focus if item in others], scope.env)


@function("exclude", "value", returns="=")
def exclude(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """What is not in the other collection, in its order."""
    scope.env.spend(len(focus) + len(other))
    others = item_set(other, scope.env)
    return [item for item in focus if item not in others]


@function("union", "value")
def union(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """What is in either, each once."""
    return without_repetitions(focus + other, scope.env)


@function("combine", "value", "value?")
def combine(
    scope: Scope, focus: list[Item], other: list[Item], _: list[Item] | None = None
) -> list[Item]:
    """Both, with repetitions; the order is kept anyway."""
    scope.env.spend(len(focus) + len(other))
    return focus + other


@function("distinct", returns="=")
def distinct(scope: Scope, focus: list[Item]) -> list[Item]:
    """Each item once."""
    return without_repetitions(focus, scope.env)
