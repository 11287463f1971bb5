"""FHIR: Additional functions, about terminology: memberOf(), subsumes() and subsumedBy()."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.evaluation.items import EMPTY, FALSE, Element, Item, boolean
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.text import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@function("memberOf", "value", returns="Boolean")
def member_of(scope: Scope, focus: list[Item], value_set: list[Item]) -> list[Item]:
    """Whether the code, Coding or CodeableConcept is in the value set; empty where unknown."""
    item, url = single(focus, "memberOf()"), text_of(value_set, "memberOf()")
    terminology = scope.env.services.terminology
    if item is None or url is None or terminology is None:
        return EMPTY
    if isinstance(item, Element):
        return boolean(terminology.member_of(item.value, item.type.name, url))
    return boolean(terminology.member_of(item, "code", url)) if isinstance(item, str) else EMPTY


def _codings(item: Item | None) -> Iterator[tuple[str, str]]:
    if not isinstance(item, Element) or not isinstance(item.value, dict):
        return
    codings = item.value.get("coding", [item.value])
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield str(coding.get("system", "")), coding["code"]


def _subsumption(scope: Scope, above: list[Item], below: list[Item], what: str) -> list[Item]:
    terminology = scope.env.services.terminology
    if not above or not below or terminology is None:
        return EMPTY
    results = [
        terminology.subsumes(system, code, other)
        for system, code in _codings(single(above, what))
        for other_system, other in _codings(single(below, what))
        if system == other_system
    ]
    if True in results:
        return boolean(value=True)
    return EMPTY if None in results else FALSE


@function("subsumes", "value", returns="Boolean")
def subsumes(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether the concept is the other one or above it."""
    return _subsumption(scope, focus, other, "subsumes()")


@function("subsumedBy", "value", returns="Boolean")
def subsumed_by(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether the concept is the other one or below it."""
    return _subsumption(scope, other, focus, "subsumedBy()")
