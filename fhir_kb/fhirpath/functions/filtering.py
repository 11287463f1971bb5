"""FHIRPath: Filtering and projection, aggregates, iif, trace and defineVariable."""

from __future__ import annotations

from functools import cmp_to_key
from typing import NamedTuple, NoReturn

from fhir_kb.fhirpath.errors import (
    FHIRPathExecutionError,
    FHIRPathLimitError,
    FHIRPathSemanticError,
)
from fhir_kb.fhirpath.evaluation.equality import ItemSet, order
from fhir_kb.fhirpath.evaluation.items import EMPTY, Item, value_of
from fhir_kb.fhirpath.evaluation.scope import Run, Scope, single, truth
from fhir_kb.fhirpath.evaluation.services import MAX_ITEMS, Trace
from fhir_kb.fhirpath.functions.registry import each, function

RESERVED_VARIABLES = frozenset(
    [
        "context",
        "resource",
        "rootResource",
        "sct",
        "loinc",
        "ucum",
        "terminologies",
        "factory",
        "server",
        "map",
    ]
)


@function("where", "lazy", returns="=")
def where(scope: Scope, focus: list[Item], criteria: Run) -> list[Item]:
    """The items that meet the criteria."""
    return [item for item, result in each(scope, focus, criteria) if truth(result) is True]


@function("select", "lazy", returns="0")
def select(scope: Scope, focus: list[Item], projection: Run) -> list[Item]:
    """The results of the projection for all items, in one collection."""
    items: list[Item] = []
    for _, result in each(scope, focus, projection):
        items += result
        if len(items) > MAX_ITEMS:
            _too_many()
    return items


def _too_many() -> NoReturn:
    raise FHIRPathLimitError(f"a collection would have more than {MAX_ITEMS} items")


@function("repeat", "lazy", returns="0")
def repeat(scope: Scope, focus: list[Item], projection: Run) -> list[Item]:
    """The results of the projection for the items, then for its results, until none is new."""
    collected = ItemSet(scope.env)
    items: list[Item] = []
    latest = focus
    while latest:
        results = [item for _, result in each(scope, latest, projection) for item in result]
        latest = [item for item in results if collected.add(item)]
        items += latest
        if len(items) > MAX_ITEMS:
            _too_many()
    return items


@function("repeatAll", "lazy", returns="0")
def repeat_all(scope: Scope, focus: list[Item], projection: Run) -> list[Item]:
    """As repeat(), repetitions included."""
    items: list[Item] = []
    latest = focus
    while latest:
        latest = [item for _, result in each(scope, latest, projection) for item in result]
        items += latest
        if len(items) > MAX_ITEMS:
            _too_many()
    return items


@function("coalesce", "lazy*")
def coalesce(scope: Scope, focus: list[Item], *choices: Run) -> list[Item]:
    """The first argument that is not empty."""
    single(focus, "coalesce()")
    inner = scope.fork()
    inner.this = focus
    for choice in choices:
        if result := choice(inner):
            return result
    return EMPTY


@function("iif", "lazy", "lazy", "lazy?")
def iif(
    scope: Scope, focus: list[Item], criterion: Run, then: Run, otherwise: Run | None = None
) -> list[Item]:
    """The one or the other, and only that is evaluated."""
    single(focus, "iif()")
    inner = scope.fork()
    inner.this = focus
    if truth(criterion(inner)):
        return then(inner)
    return EMPTY if otherwise is None else otherwise(inner)


@function("aggregate", "lazy", "value?")
def aggregate(
    scope: Scope, focus: list[Item], aggregator: Run, start: list[Item] = EMPTY
) -> list[Item]:
    """The last $total, which is set to the aggregator's result after each item."""
    scope.env.spend(len(focus))
    inner = scope.inner()
    total = start
    for index, item in enumerate(focus):
        inner.this, inner.index, inner.total = [item], index, total
        total = aggregator(inner)
    return total


class Key(NamedTuple):
    """A key of sort().

    A negated key (`-family`) reverses the order of any type, but an empty one stays empty and comes
    first; `desc` reverses that, too.
    """

    run: Run
    descends: bool
    negated: bool

    def __call__(self, scope: Scope) -> Item | None:
        """The key of the scope's $this."""
        return single(self.run(scope), "a key of sort()")

    def order(self, left: Item | None, right: Item | None) -> int:
        """-1, 0 or 1."""
        sign = _order(left, right)
        if self.negated and left is not None and right is not None:
            sign = -sign
        return -sign if self.descends else sign


@function("sort", "lazy*", returns="=")
def sort(scope: Scope, focus: list[Item], *selectors: Key) -> list[Item]:
    """The items in order of their keys, or of themselves; empty keys come first."""
    scope.env.spend(len(focus) * max(len(focus).bit_length(), 1))
    inner = scope.inner()

    def keys(item: Item) -> list[Item | None]:
        inner.this = [item]
        return [selector(inner) for selector in selectors]

    def compare(left: list[Item | None], right: list[Item | None]) -> int:
        for selector, a, b in zip(selectors, left, right, strict=True):
            if (sign := selector.order(a, b)) != 0:
                return sign
        return 0

    if not selectors:
        return sorted(focus, key=cmp_to_key(_order))
    keys_of_items = [keys(item) for item in focus]
    sort_key = cmp_to_key(compare)
    ordered = sorted(range(len(focus)), key=lambda number: sort_key(keys_of_items[number]))
    return [focus[number] for number in ordered]


def _order(left: Item | None, right: Item | None) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return order(left, right) or 0


@function("trace", "value", "lazy?", returns="=")
def trace(
    scope: Scope, focus: list[Item], name: list[Item], projection: Run | None = None
) -> list[Item]:
    """The input, which is also recorded in the traces of the evaluation."""
    if len(scope.env.traces) < 10_000:
        items = focus
        if projection is not None:
            items = [item for _, result in each(scope, focus, projection) for item in result]
        scope.env.traces.append(Trace(_text(name, "trace()"), tuple(items)))
    return focus


def _text(items: list[Item], what: str) -> str:
    item = single(items, what)
    value = None if item is None else value_of(item)
    if not isinstance(value, str):
        raise FHIRPathExecutionError(f"{what} needs a String")
    return value


@function("defineVariable", "value", "lazy?", returns="=")
def define_variable(
    scope: Scope, focus: list[Item], name: list[Item], value: Run | None = None
) -> list[Item]:
    """The input; what follows in the chain may use the variable."""
    key = _text(name, "defineVariable()")
    if key in RESERVED_VARIABLES or key in scope.env.variables or key.startswith(("vs-", "ext-")):
        raise FHIRPathSemanticError(f"%{key} is given from outside and cannot be defined again")
    if key in scope.defined:
        raise FHIRPathSemanticError(f"%{key} is already defined here")
    meaning = focus
    if value is not None:
        inner = scope.inner()
        inner.this = focus
        meaning = value(inner)
    scope.defined = {**scope.defined, key: meaning}
    return focus
