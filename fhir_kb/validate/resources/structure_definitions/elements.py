"""The elements of StructureDefinitions: http://hl7.org/fhir/elementdefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import (
    DEFINITION_WARNING,
    ELEMENT_DEFINITION,
    POINTLESS_LIMIT,
)
from fhir_kb.validate.core.issue import report, under, under_step
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.resources.structure_definitions.constraints import Constraints
from fhir_kb.validate.resources.structure_definitions.slicing import check_slicing
from fhir_kb.validate.resources.structure_definitions.type_limits import characteristics, limits
from fhir_kb.validate.resources.structure_definitions.types import Types, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding

#: http://hl7.org/fhir/elementdefinition.html#interpretation: what an element may not have.
_ON_ROOTS: Final = ("sliceName", "slicing", "requirements", "example", "maxLength")
_ON_ROOTS_OF_PROFILES: Final = (*_ON_ROOTS, "meaningWhenMissing")
_IN_TYPES: Final = ("sliceName",)
_VALUES: Final = ("defaultValue", "fixed", "pattern")


class Elements:
    """Checks the elements of one StructureDefinition, whose base is known."""

    def __init__(
        self,
        value: Mapping[str, Any],
        base: Mapping[str, Any],
        definitions: Definitions,
        known: Canonicals,
    ) -> None:
        self._value = value
        self._definitions = definitions
        name = text(value, "type")
        self._name = name.rpartition("/")[2] if value.get("kind") == "logical" else name
        self._is_profile = value.get("derivation") == "constraint"
        self._types = Types(definitions, known)
        self._constraints = Constraints(value, base, definitions)

    def check(self) -> list[Finding]:
        """What is wrong with them, in the differential and in the snapshot."""
        found: list[Finding] = []
        for part in ("differential", "snapshot"):
            self._constraints.begin(is_snapshot=part == "snapshot")
            for number, element in objects(self._value.get(part), "element"):
                bad = self._element(element, is_snapshot=part == "snapshot")
                found += under(bad, part, "element", number)
        return found

    def _element(self, element: Mapping[str, Any], *, is_snapshot: bool) -> list[Finding]:
        path = text(element, "path")
        if not path:
            return []
        found: list[Finding] = []
        if self._name and path != self._name and not path.startswith(self._name + "."):
            message = f"the path {path} does not begin with the type {self._name}"
            found += report(ELEMENT_DEFINITION, message)
        names = self._names(element, path)
        found += self._limits(element, names)
        found += self._types.check(element, path)
        found += check_slicing(element, names, self._definitions, is_snapshot=is_snapshot)
        if is_snapshot:
            found += self._whole(element, path, names)
        found += self._constraints.check(element, names)
        return found

    def _names(self, element: Mapping[str, Any], path: str) -> list[str]:
        """The types that the element states; of the root, its own."""
        if "." not in path:
            return [path]
        return [name for _, one in objects(element, "type") if (name := type_name(one))]

    def _limits(self, element: Mapping[str, Any], names: list[str]) -> list[Finding]:
        if not names:
            return []
        found: list[Finding] = []
        can: set[str] = set()
        for name in names:
            # What is said of a type's root is measured by what holds for all releases.
            definition = self._types.definition(name) if "." in text(element, "path") else None
            if definition is None and name not in self._definitions:
                if "." in text(element, "path"):
                    return []  # of a type that nobody knows, anything may be said
                continue
            can |= characteristics(name, definition)
        for limit, needed in limits(element):
            if needed not in can:
                message = f"'{limit}' means nothing for {', '.join(names)}"
                found += report(POINTLESS_LIMIT, message)
        return found

    def _whole(self, element: Mapping[str, Any], path: str, names: list[str]) -> list[Finding]:
        """What only snapshots tell."""
        found: list[Finding] = []
        is_root = "." not in path
        if not is_root and "." in text(element, "id"):
            if not names and "contentReference" not in element:
                message = f"{element.get('id')} has no type and refers to no other element"
                return report(ELEMENT_DEFINITION, message, None, "SD_NO_TYPES_OR_CONTENTREF")
            found += self._values(element, names)
        barred: tuple[str, ...]
        if is_root:
            barred = _ON_ROOTS_OF_PROFILES if self._is_profile else _ON_ROOTS
        else:
            barred = () if self._is_profile else _IN_TYPES
            if not self._is_profile:
                for name in ("min", "max"):
                    if name not in element:
                        message = f"'{name}' is missing; each element of a type has it"
                        found += report(ELEMENT_DEFINITION, message, None, "SD_TABLE_REQUIRED")
        for name in barred:
            if name in element:
                message = f"'{name}' may not be said of {path} here"
                found += report(ELEMENT_DEFINITION, message, None, "SD_TABLE_PROHIBITED")
        return found

    def _values(self, element: Mapping[str, Any], names: list[str]) -> list[Finding]:
        """Values of a type that the element does not have."""
        found: list[Finding] = []
        possible = {name[:1].upper() + name[1:]: name for name in names}
        if not possible:
            return found
        for key in element:
            name = next((one for one in _VALUES if key.startswith(one) and key != one), None)
            if name is None:
                continue
            kind = key[len(name) :]
            shown = kind if kind in self._definitions else kind[:1].lower() + kind[1:]
            if kind not in possible:
                message = f"the value is a {shown}, and the element is {', '.join(names)}"
                bad = report(ELEMENT_DEFINITION, message, None, "SD_VALUE_TYPE_IILEGAL")
                found += under_step(bad, key, f".{name}.ofType({shown})")
            elif name == "fixed" and kind in self._definitions:
                message = f"a fixed {kind} allows nothing besides; is a pattern meant?"
                bad = report(DEFINITION_WARNING, message, None, "SD_VALUE_COMPLEX_FIXED")
                found += under_step(bad, key, f".{name}.ofType({shown})")
        return found
