"""What is wrong with an object by its property names alone: unknown, missing, chosen twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import nearest
from fhir_kb.validate.core.issue import Finding, located_at, quoted, report
from fhir_kb.validate.finding_codes import (
    CHOICE_TWICE,
    EMPTY,
    EXTENSION_CONTENT,
    MISSING,
    TOO_MANY,
    UNKNOWN_PROPERTY,
    WRONG_CHOICE_TYPE,
)

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions, ElementDefinition, Property

#: How many types of a choice a message lists.
_MAX_TYPES: Final = 12


class PropertyNames:
    """The properties that a type or inner element has."""

    def __init__(self, definitions: Definitions, type_path: str) -> None:
        self.type_path = type_path
        self.properties: dict[str, Property] = dict(definitions.properties(type_path))
        elements = {
            property_.element.name: property_.element
            for property_ in self.properties.values()
            if property_.element is not None
        }
        self._elements: tuple[ElementDefinition, ...] = tuple(elements.values())
        self._choices = tuple(element for element in self._elements if element.choice)
        self._required = tuple(element for element in self._elements if element.min)
        self._fhirpath_steps: dict[str, str] = {}

    def fhirpath_step(self, name: str) -> str:
        """The property as a step of a FHIRPath path: ".value.ofType(Quantity)"."""
        step = self._fhirpath_steps.get(name)
        if step is None:
            step = self._fhirpath_step(str(name))
            if name in self.properties:
                self._fhirpath_steps[name] = step
        return step

    def _fhirpath_step(self, name: str) -> str:
        plain = name.removeprefix("_")
        property_ = self.properties.get(plain)
        if property_ is None or property_.element is None:
            return f".{plain}"
        element = property_.element
        if not element.choice:
            return f".{element.name}"
        for json_name, ref in element.json_names():
            if json_name == plain and ref is not None:
                return f".{element.name}.ofType({ref.code})"
        return f".{element.name}"

    def array_pairs(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Arrays of primitives with their underscored arrays: (name, underscored name)."""
        return tuple(
            (name[1:], name)
            for name in names
            if name in self.properties and name[:1] == "_" and self.properties[name].is_array
        )

    def check(self, names: tuple[str, ...]) -> list[Finding]:
        """What is wrong with an object that has exactly these properties."""
        if not names:
            return report(EMPTY, "the object is empty", "leave the property out")
        findings: list[Finding] = []
        for name in names:
            if name not in self.properties:
                findings += self._unknown(str(name))
        present = frozenset(map(str, names))
        for element in self._required:
            if not _given(element, present):
                findings += self._missing(element)
        for element in self._choices:
            given = _given(element, present)
            if len(given) > 1:
                message = f"only one of {' and '.join(map(quoted, sorted(given)))} may be given"
                findings += report(CHOICE_TWICE, message)
        for element in self._elements:
            if element.max == 0 and _given(element, present):
                findings += report(TOO_MANY, f"'{element.name}' is not allowed here")
        if self.type_path == "Extension":
            findings += _check_extension(present)
        return findings

    def _missing(self, element: ElementDefinition) -> list[Finding]:
        name = element.name + ("[x]" if element.choice else "")
        message = f"'{name}' is missing; it is required in {self.type_path}"
        return report(MISSING, message)

    def _unknown(self, name: str) -> list[Finding]:
        findings = self._wrong_choice(name) or report(
            UNKNOWN_PROPERTY,
            f"{self.type_path} has no property {quoted(name)}",
            self._suggestion(name),
        )
        return located_at(findings, name)

    def _wrong_choice(self, name: str) -> list[Finding]:
        plain = name.removeprefix("_")
        for element in self._choices:
            if plain.startswith(element.name) and plain[len(element.name) :][:1].isupper():
                types = ", ".join(element.type_codes[:_MAX_TYPES])
                more = " …" if len(element.types) > _MAX_TYPES else ""
                return report(
                    WRONG_CHOICE_TYPE,
                    f"'{element.name}[x]' cannot be {quoted(name)}; its types are {types}{more}",
                )
        return []

    def _suggestion(self, name: str) -> str | None:
        match = nearest(name, (known for known in self.properties if known[:1] != "_"))
        return f"did you mean '{match}'?" if match else None


def _given(element: ElementDefinition, present: frozenset[str]) -> set[str]:
    """The properties for an element that an object has."""
    return {name for name, _ in element.json_names() if name in present or "_" + name in present}


def _check_extension(present: frozenset[str]) -> list[Finding]:
    has_value = any(name.lstrip("_").startswith("value") for name in present)
    if has_value == ("extension" in present):
        what = "both a value and inner extensions" if has_value else "neither value nor extensions"
        return report(EXTENSION_CONTENT, f"the extension has {what}")
    return []
