"""The elements of StructureDefinitions: http://hl7.org/fhir/elementdefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import report, under, under_step
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    DEFINITION_WARNING,
    ELEMENT_DEFINITION,
    POINTLESS_LIMIT,
)
from fhir_kb.validate.resources.structure_definitions.constraints import ConstraintChecks
from fhir_kb.validate.resources.structure_definitions.slicing import check_slicing
from fhir_kb.validate.resources.structure_definitions.type_limits import (
    limits_of,
    type_characteristics,
)
from fhir_kb.validate.resources.structure_definitions.types import TypeChecks, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding

#: http://hl7.org/fhir/elementdefinition.html#interpretation: what an element may not have.
_NOT_ON_ROOTS: Final = ("sliceName", "slicing", "requirements", "example", "maxLength")
_NOT_ON_PROFILE_ROOTS: Final = (*_NOT_ON_ROOTS, "meaningWhenMissing")
_NOT_IN_TYPES: Final = ("sliceName",)
_VALUES: Final = ("defaultValue", "fixed", "pattern")


class ElementChecks:
    """Checks the elements of one StructureDefinition whose base is available."""

    def __init__(
        self,
        value: Mapping[str, Any],
        base: Mapping[str, Any],
        definitions: Definitions,
        canonicals: Canonicals,
    ) -> None:
        self._value = value
        self._definitions = definitions
        type_name = text(value, "type")
        self._type_name = (
            type_name.rpartition("/")[2] if value.get("kind") == "logical" else type_name
        )
        self._is_profile = value.get("derivation") == "constraint"
        self._types = TypeChecks(definitions, canonicals)
        self._constraints = ConstraintChecks(value, base, definitions)

    def check(self) -> list[Finding]:
        """Check the elements of the differential and the snapshot."""
        findings: list[Finding] = []
        for part in ("differential", "snapshot"):
            self._constraints.begin(is_snapshot=part == "snapshot")
            for number, element in objects(self._value.get(part), "element"):
                element_findings = self._check_element(element, is_snapshot=part == "snapshot")
                findings += under(element_findings, part, "element", number)
        return findings

    def _check_element(self, element: Mapping[str, Any], *, is_snapshot: bool) -> list[Finding]:
        path = text(element, "path")
        if not path:
            return []
        findings: list[Finding] = []
        if (
            self._type_name
            and path != self._type_name
            and not path.startswith(self._type_name + ".")
        ):
            message = f"the path {path} does not begin with the type {self._type_name}"
            findings += report(ELEMENT_DEFINITION, message)
        names = self._type_names(element, path)
        findings += self._check_limits(element, names)
        findings += self._types.check(element, path)
        findings += check_slicing(element, names, self._definitions, is_snapshot=is_snapshot)
        if is_snapshot:
            findings += self._check_snapshot_element(element, path, names)
        findings += self._constraints.check(element, names)
        return findings

    def _type_names(self, element: Mapping[str, Any], path: str) -> list[str]:
        """The types of the element; of the root, its own."""
        if "." not in path:
            return [path]
        return [name for _, entry in objects(element, "type") if (name := type_name(entry))]

    def _check_limits(self, element: Mapping[str, Any], names: list[str]) -> list[Finding]:
        if not names:
            return []
        findings: list[Finding] = []
        available: set[str] = set()
        for name in names:
            # The root of a type is judged by the characteristics of all releases.
            definition = self._types.definition(name) if "." in text(element, "path") else None
            if definition is None and name not in self._definitions:
                if "." in text(element, "path"):
                    return []  # an unknown type may have any limit
                continue
            available |= type_characteristics(name, definition)
        for limit, characteristic in limits_of(element):
            if characteristic not in available:
                message = f"'{limit}' does not apply to {', '.join(names)}"
                findings += report(POINTLESS_LIMIT, message)
        return findings

    def _check_snapshot_element(
        self, element: Mapping[str, Any], path: str, names: list[str]
    ) -> list[Finding]:
        """Check what only applies to snapshots."""
        findings: list[Finding] = []
        is_root = "." not in path
        if not is_root and "." in text(element, "id"):
            if not names and "contentReference" not in element:
                message = f"{element.get('id')} has no type and refers to no other element"
                return report(ELEMENT_DEFINITION, message, None, "SD_NO_TYPES_OR_CONTENTREF")
            findings += self._check_values(element, names)
        prohibited: tuple[str, ...]
        if is_root:
            prohibited = _NOT_ON_PROFILE_ROOTS if self._is_profile else _NOT_ON_ROOTS
        else:
            prohibited = () if self._is_profile else _NOT_IN_TYPES
            if not self._is_profile:
                for name in ("min", "max"):
                    if name not in element:
                        message = f"'{name}' is missing; each element of a type has it"
                        findings += report(ELEMENT_DEFINITION, message, None, "SD_TABLE_REQUIRED")
        for name in prohibited:
            if name in element:
                message = f"'{name}' is not allowed for {path} here"
                findings += report(ELEMENT_DEFINITION, message, None, "SD_TABLE_PROHIBITED")
        return findings

    def _check_values(self, element: Mapping[str, Any], names: list[str]) -> list[Finding]:
        """Fixed values, patterns and defaults of a type that the element does not have."""
        findings: list[Finding] = []
        possible = {name[:1].upper() + name[1:]: name for name in names}
        if not possible:
            return findings
        for key in element:
            name = next(
                (prefix for prefix in _VALUES if key.startswith(prefix) and key != prefix), None
            )
            if name is None:
                continue
            suffix = key[len(name) :]
            value_type = suffix if suffix in self._definitions else suffix[:1].lower() + suffix[1:]
            if suffix not in possible:
                message = f"the value is a {value_type}, and the element is {', '.join(names)}"
                value_findings = report(ELEMENT_DEFINITION, message, None, "SD_VALUE_TYPE_IILEGAL")
                findings += under_step(value_findings, key, f".{name}.ofType({value_type})")
            elif name == "fixed" and suffix in self._definitions:
                message = f"a fixed {suffix} allows no other content; is a pattern meant?"
                value_findings = report(DEFINITION_WARNING, message, None, "SD_VALUE_COMPLEX_FIXED")
                findings += under_step(value_findings, key, f".{name}.ofType({value_type})")
        return findings
