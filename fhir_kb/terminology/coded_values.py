"""Membership of coded values (code, Coding, Quantity, CodeableConcept) in value sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fhir_kb.terminology.three_valued import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ValueSetMembership(Protocol):
    """Decides whether a code is in a value set; a TerminologyService does."""

    def contains(
        self, value_set: str, system: str | None, code: str, version: str = ""
    ) -> bool | None:
        """Whether a code is in the value set; system None: a plain code; None: undecidable."""

    def is_in(
        self, definition: Mapping[str, Any], system: str | None, code: str, version: str = ""
    ) -> bool | None:
        """The same for a ValueSet that is given, such as a contained one."""


class CodedValues:
    """Answers for coded values as memberOf() and bindings ask; see fhirpath.Terminology."""

    def __init__(self, value_sets: ValueSetMembership) -> None:
        self._value_sets = value_sets

    def member_of(self, coded: Any, type_name: str, value_set: str) -> bool | None:
        """Whether a coded value (its JSON) is in the value set.

        A concept is in it if one of its codings is; None where that is not decidable.
        """
        del type_name
        return any_of(self._value_sets.contains(value_set, *coding) for coding in _codings(coded))

    def member_of_given(self, coded: Any, definition: Mapping[str, Any]) -> bool | None:
        """The same for a ValueSet that is given, such as a contained one."""
        return any_of(self._value_sets.is_in(definition, *coding) for coding in _codings(coded))

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
        codings = coded.get("coding", [coded])
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                system, version = str(coding.get("system", "")), str(coding.get("version", ""))
                yield system, coding["code"], version
