"""ConceptMaps against code systems and value sets: http://hl7.org/fhir/conceptmap.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.terminology.membership import (
    GRAMMAR_OF_SYSTEM,
    UCUM,
    is_this_version,
    matches_grammar,
)
from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.codings import unknown_code
from fhir_kb.validate.datatypes.units import UCUM_ADVICE
from fhir_kb.validate.finding_codes import (
    DEFINITION_NOT_AVAILABLE,
    MAP,
    MAP_DOUBTFUL,
    SUPPLEMENT_AS_SYSTEM,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

#: The elements that name the value sets of the codes, in R5 and R4.
_SCOPES: Final = {
    "source": ("sourceScopeUri", "sourceScopeCanonical", "sourceUri", "sourceCanonical"),
    "target": ("targetScopeUri", "targetScopeCanonical", "targetUri", "targetCanonical"),
}


def check_concept_map(value: Mapping[str, Any], context: Context) -> Findings:
    """Check a ConceptMap."""
    if context.terminology is None:
        return None
    checks = _MapChecks(value, context.terminology)
    findings: list[Finding] = []
    for index, group in objects(value, "group"):
        findings += under(checks.check_group(group), "group", index)
    return findings or None


class _GroupSide:
    """Source or target of a group: its code system and value set."""

    def __init__(
        self,
        side: str,
        scope: str,
        group: Mapping[str, Any],
        terminology: TerminologyService,
    ) -> None:
        self.name = side.upper()
        self.system, _, version = text(group, side).partition("|")
        version = version or text(group, f"{side}Version")
        concepts = terminology.code_system(self.system, version) if self.system else None
        if concepts is not None and version and not is_this_version(concepts.version, version):
            concepts = None  # another version may have other codes
        self._concepts = concepts
        self._version = version
        self._has_scope = bool(scope)
        # codes of a system that is not available are not checked by the HL7 validator either
        is_available = bool(scope) and self._concepts is not None and terminology.value_set(scope)
        self._scope = scope if is_available else ""
        self._terminology = terminology

    def check_system(self, side: str) -> list[Finding]:
        """What is wrong with the code system itself."""
        if not self.system:
            message = f"'{side}' is missing, so the code system of its codes is undefined"
            return [
                Finding(MAP_DOUBTFUL, message, message_id=f"CONCEPTMAP_GROUP_{self.name}_MISSING")
            ]
        if supplemented := self._terminology.supplemented(self.system):
            message = f"{self.system} is a supplement, and defines no codes"
            advice = f"write the code system that it supplements: {supplemented}"
            return under([Finding(SUPPLEMENT_AS_SYSTEM, message, advice)], side)
        if self._has_scope or (self._concepts is not None and self._concepts.is_complete):
            return []
        if self.system in GRAMMAR_OF_SYSTEM:
            return []
        version = f" version {quoted(self._version)}" if self._version else ""
        message = f"not checked: the code system {self.system}{version} is not available"
        return under(
            [
                Finding(
                    DEFINITION_NOT_AVAILABLE,
                    message,
                    message_id=f"CONCEPTMAP_GROUP_{self.name}_UNKNOWN",
                )
            ],
            side,
        )

    def check_code(self, value: Mapping[str, Any]) -> list[Finding]:
        """What is wrong with a code and its display."""
        code = text(value, "code")
        if not code or not self.system:
            return []
        if self._scope:
            if self._terminology.contains(self._scope, self.system, code) is not False:
                return []
            message = f"{quoted(code)} of {self.system} is not in the value set {self._scope}"
            message_id = f"CONCEPTMAP_GROUP_{self.name}_CODE_INVALID_VS"
            return under([Finding(MAP, message, message_id=message_id)], "code")
        if self.system == UCUM and matches_grammar(UCUM, code) is False:
            message = f"{quoted(code)} is not a code of UCUM ({UCUM})"
            message_id = f"CONCEPTMAP_GROUP_{self.name}_CODE_INVALID"
            return under([Finding(MAP, message, UCUM_ADVICE, message_id)], "code")
        return self._check_in_system(value, code) if self._concepts is not None else []

    def _check_in_system(self, value: Mapping[str, Any], code: str) -> list[Finding]:
        concepts: CodeSystemConcepts | None = self._concepts
        assert concepts is not None
        defined_code = concepts.find_code(code)
        if defined_code is None:
            findings = unknown_code(concepts, code) if concepts.is_complete else []
            for finding in findings:
                finding.message_id = f"CONCEPTMAP_GROUP_{self.name}_CODE_INVALID"
            return findings
        display, names = text(value, "display"), concepts.displays[defined_code]
        if not display or not names or display.casefold() in map(str.casefold, names):
            return []
        message = f"{quoted(display)} is not a display of '{code}' in {self.system}"
        message_id = f"CONCEPTMAP_GROUP_{self.name}_DISPLAY_INVALID"
        advice = f"the display is {quoted(names[0])}"
        return under([Finding(MAP_DOUBTFUL, message, advice, message_id)], "code")


class _MapChecks:
    """Checks the groups of one map."""

    def __init__(self, value: Mapping[str, Any], terminology: TerminologyService) -> None:
        self._terminology = terminology
        self._scopes = {
            side: next((text(value, name) for name in names if text(value, name)), "")
            for side, names in _SCOPES.items()
        }
        self._types = {
            text(property_, "code"): text(property_, "type")
            for _, property_ in objects(value, "property")
        }

    def check_group(self, group: Mapping[str, Any]) -> list[Finding]:
        sides = {
            side: _GroupSide(side, scope, group, self._terminology)
            for side, scope in self._scopes.items()
        }
        findings = [
            finding
            for side, group_side in sides.items()
            for finding in group_side.check_system(side)
        ]
        pairs: set[tuple[str, str]] = set()
        for number, element in objects(group, "element"):
            element_findings = sides["source"].check_code(element)
            for index, target in objects(element, "target"):
                target_findings = sides["target"].check_code(target)
                target_findings += self._check_properties(target)
                target_findings += _check_duplicate(
                    (text(element, "code"), text(target, "code")), target, pairs
                )
                element_findings += under(target_findings, "target", index)
            findings += under(element_findings, "element", number)
        return findings

    def _check_properties(self, target: Mapping[str, Any]) -> list[Finding]:
        findings: list[Finding] = []
        for index, property_ in objects(target, "property"):
            findings += under(list(self._check_property(property_)), "property", index)
        return findings

    def _check_property(self, property_: Mapping[str, Any]) -> Iterator[Finding]:
        code = text(property_, "code")
        if code not in self._types:
            message = f"the property {quoted(code)} is not defined in this map"
            message_id = "CONCEPTMAP_GROUP_TARGET_PROPERTY_INVALID"
            yield from under([Finding(MAP, message, message_id=message_id)], "code")
            return
        for key in property_:
            value_type = key[5:] if key.startswith("value") else ""
            value_type = (
                value_type if value_type == "Coding" else value_type[:1].lower() + value_type[1:]
            )
            if value_type and value_type != self._types[code]:
                message = f"the property has the type {self._types[code]}, and this is {value_type}"
                finding = Finding(
                    MAP, message, message_id="CONCEPTMAP_GROUP_TARGET_PROPERTY_TYPE_MISMATCH"
                )
                finding.path_steps.append((key, f".value.ofType({value_type})"))
                yield finding


def _check_duplicate(
    pair: tuple[str, str], target: Mapping[str, Any], pairs: set[tuple[str, str]]
) -> list[Finding]:
    # with other dependencies or products it is no duplicate
    if not all(pair) or "dependsOn" in target or "product" in target:
        return []
    if pair not in pairs:
        pairs.add(pair)
        return []
    message = f"a relationship from {quoted(pair[0])} to {quoted(pair[1])} has been given before"
    return [Finding(MAP_DOUBTFUL, message, message_id="CONCEPTMAP_GROUP_TARGET_DUPLICATION")]
