"""What the names of an object's properties alone tell: unknown, missing, chosen twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import nearest
from fhir_kb.validate.codes import (
    CHOICE_TWICE,
    EMPTY,
    EXTENSION_CONTENT,
    MISSING,
    TOO_MANY,
    UNKNOWN_PROPERTY,
    WRONG_CHOICE_TYPE,
)
from fhir_kb.validate.core.issue import Finding, quoted, report

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions, ElementDefinition, Property


class Names:
    """The properties that a type or inner element has."""

    def __init__(self, definitions: Definitions, type_path: str) -> None:
        self.type_path = type_path
        self.properties: dict[str, Property] = dict(definitions.properties(type_path))
        elements = {
            known.element.name: known.element
            for known in self.properties.values()
            if known.element is not None
        }
        self._elements: tuple[ElementDefinition, ...] = tuple(elements.values())
        self._choices = tuple(one for one in self._elements if one.choice)
        self._required = tuple(one for one in self._elements if one.min)
        self._steps: dict[str, str] = {}

    def step(self, name: str) -> str:
        """The property as a step of a FHIRPath path: ".value.ofType(Quantity)"."""
        text = self._steps.get(name)
        if text is None:
            text = self._step(str(name))
            if name in self.properties:
                self._steps[name] = text
        return text

    def _step(self, name: str) -> str:
        plain = name.removeprefix("_")
        known = self.properties.get(plain)
        if known is None or known.element is None:
            return f".{plain}"
        element = known.element
        if not element.choice:
            return f".{element.name}"
        for json_name, ref in element.json_names():
            if json_name == plain and ref is not None:
                return f".{element.name}.ofType({ref.code})"
        return f".{element.name}"

    def pairs(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """The lists of simple values with their underscored lists: (name, underscored)."""
        return tuple(
            (name[1:], name)
            for name in names
            if name in self.properties and name[:1] == "_" and self.properties[name].is_array
        )

    def problems(self, names: tuple[str, ...]) -> list[Finding]:
        """What is wrong with an object that has exactly these properties."""
        if not names:
            return report(EMPTY, "the object is empty", "leave the property out")
        found: list[Finding] = []
        for name in names:
            if name not in self.properties:
                found += self._unknown(str(name))
        present = frozenset(map(str, names))
        for element in self._required:
            if not self._held(element, present):
                found += self._missing(element)
        for element in self._choices:
            held = self._held(element, present)
            if len(held) > 1:
                found += report(
                    CHOICE_TWICE,
                    f"only one of {' and '.join(map(quoted, sorted(held)))} may be given",
                )
        for element in self._elements:
            if element.max == 0 and self._held(element, present):
                found += report(TOO_MANY, f"'{element.name}' is not allowed here")
        if self.type_path == "Extension":
            found += _extension(present)
        return found

    @staticmethod
    def _held(element: ElementDefinition, present: frozenset[str]) -> set[str]:
        return {
            name for name, _ in element.json_names() if name in present or "_" + name in present
        }

    def _missing(self, element: ElementDefinition) -> list[Finding]:
        name = element.name + ("[x]" if element.choice else "")
        message = f"'{name}' is missing; it is required in {self.type_path}"
        return report(MISSING, message)

    def _unknown(self, name: str) -> list[Finding]:
        found = self._wrong_choice(name) or report(
            UNKNOWN_PROPERTY,
            f"{self.type_path} has no property {quoted(name)}",
            self._meant(name),
        )
        for one in found:
            one.path_steps.append((name, ""))
        return found

    def _wrong_choice(self, name: str) -> list[Finding]:
        for element in self._choices:
            rest = name.removeprefix("_").removeprefix(element.name)
            if name.removeprefix("_").startswith(element.name) and rest[:1].isupper():
                types = ", ".join(element.type_codes[:12])
                more = " …" if len(element.types) > 12 else ""
                return report(
                    WRONG_CHOICE_TYPE,
                    f"'{element.name}[x]' cannot be {quoted(name)}; its types are {types}{more}",
                )
        return []

    def _meant(self, name: str) -> str | None:
        match = nearest(name, (one for one in self.properties if one[:1] != "_"))
        return f"did you mean '{match}'?" if match else None


def _extension(present: frozenset[str]) -> list[Finding]:
    has_value = any(name.lstrip("_").startswith("value") for name in present)
    if has_value == ("extension" in present):
        wrong = "both a value and inner extensions" if has_value else "neither value nor extensions"
        return report(EXTENSION_CONTENT, f"the extension has {wrong}")
    return []
