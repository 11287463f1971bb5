"""What profiles ask of value sets: memberOf() in their invariants, and bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fhir_kb.terminology.three_valued import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class ValueSets(Protocol):
    """Whoever knows what is in a value set; None means that it cannot tell."""

    def contains(
        self, value_set: str, system: str | None, code: str, version: str = ""
    ) -> bool | None:
        """Whether a code is in the value set; system None: of a plain code."""


class Codes:
    """Answers for codes, Codings and CodeableConcepts as FHIRPath and bindings ask."""

    def __init__(self, value_sets: ValueSets) -> None:
        self._value_sets = value_sets

    def member_of(self, coded: Any, type_name: str, value_set: str) -> bool | None:
        """Whether a code, Coding, Quantity or CodeableConcept (its JSON) is in the value set.

        A concept is where one of its codings is; None where that cannot be known.
        """
        del type_name
        return any_of(self._value_sets.contains(value_set, *one) for one in _codings(coded))

    def subsumes(self, system: str, code_a: str, code_b: str) -> bool | None:
        """See fhirpath.Terminology."""
        return True if code_a == code_b and system else None


def _codings(coded: Any) -> Iterator[tuple[str | None, str, str]]:
    """System, code and version of each coding."""
    if isinstance(coded, str):
        yield None, coded, ""
    elif isinstance(coded, dict):
        if isinstance(concept := coded.get("concept"), dict):
            coded = concept
        inner = coded.get("coding", [coded])
        for one in inner if isinstance(inner, list) else ():
            if isinstance(one, dict) and isinstance(one.get("code"), str):
                yield str(one.get("system", "")), one["code"], str(one.get("version", ""))
