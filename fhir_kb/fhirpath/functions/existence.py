"""FHIRPath: Existence, and not()."""

from __future__ import annotations

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.equality import ItemSet, item_set
from fhir_kb.fhirpath.evaluation.items import FALSE, TRUE, Item, boolean, value_of
from fhir_kb.fhirpath.evaluation.scope import Run, Scope, truth
from fhir_kb.fhirpath.functions.registry import each, function


@function("empty", returns="Boolean")
def empty(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether there is nothing."""
    return FALSE if focus else TRUE


@function("exists", "lazy?", returns="Boolean")
def exists(scope: Scope, focus: list[Item], criteria: Run | None = None) -> list[Item]:
    """Whether there is anything (that meets the criteria)."""
    if criteria is None:
        return TRUE if focus else FALSE
    return boolean(any(truth(result) is True for _, result in each(scope, focus, criteria)))


@function("all", "lazy", returns="Boolean")
def every(scope: Scope, focus: list[Item], criteria: Run) -> list[Item]:
    """Whether every item meets the criteria."""
    return boolean(all(truth(result) is True for _, result in each(scope, focus, criteria)))


@function("not", returns="Boolean")
def negation(_: Scope, focus: list[Item]) -> list[Item]:
    """The opposite truth."""
    value = truth(focus)
    return boolean(None if value is None else not value)


def _booleans(focus: list[Item]) -> list[bool]:
    values = []
    for item in focus:
        value = value_of(item)
        if not isinstance(value, bool):
            raise FHIRPathExecutionError("every item has to be a Boolean here")
        values.append(value)
    return values


@function("allTrue", returns="Boolean")
def all_true(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether all items are true."""
    return boolean(all(_booleans(focus)))


@function("anyTrue", returns="Boolean")
def any_true(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether any item is true."""
    return boolean(any(_booleans(focus)))


@function("allFalse", returns="Boolean")
def all_false(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether all items are false."""
    return boolean(not any(_booleans(focus)))


@function("anyFalse", returns="Boolean")
def any_false(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether any item is false."""
    return boolean(not all(_booleans(focus)))


def _is_subset(scope: Scope, part: list[Item], whole: list[Item]) -> list[Item]:
    scope.env.spend(len(part) + len(whole))
    items = item_set(whole, scope.env)
    return boolean(all(item in items for item in part))


@function("subsetOf", "value", returns="Boolean")
def subset_of(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether every item is in `other`."""
    return _is_subset(scope, focus, other)


@function("supersetOf", "value", returns="Boolean")
def superset_of(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether every item of `other` is here."""
    return _is_subset(scope, other, focus)


@function("count", returns="Integer")
def count(_: Scope, focus: list[Item]) -> list[Item]:
    """How many items there are."""
    return [len(focus)]


@function("isDistinct", returns="Boolean")
def is_distinct(scope: Scope, focus: list[Item]) -> list[Item]:
    """Whether no item repeats another."""
    scope.env.spend(len(focus))
    added = ItemSet(scope.env)
    return boolean(all(added.add(item) for item in focus))
