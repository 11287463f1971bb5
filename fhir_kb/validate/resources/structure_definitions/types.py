"""The types of elements, their profiles and targets, and the value sets of their bindings.

http://hl7.org/fhir/elementdefinition-definitions.html#ElementDefinition.type
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import CORE_URL
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import ELEMENT_DEFINITION, POINTLESS_LIMIT
from fhir_kb.validate.resources.structure_definitions.type_limits import type_characteristics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding

_FHIR_TYPE: Final = f"{CORE_URL}structuredefinition-fhir-type"


def type_name(entry: Mapping[str, Any]) -> str:
    """The name of an element's type; the FHIR type where a FHIRPath type represents it."""
    for _, extension in objects(entry, "extension"):
        if extension.get("url") == _FHIR_TYPE:
            return text(extension, "valueUrl") or text(extension, "valueUri")
    return text(entry, "code").removeprefix(CORE_URL)


class TypeChecks:
    """Checks the profiles, targets and value sets that elements name, where available."""

    def __init__(self, definitions: Definitions, canonicals: Canonicals) -> None:
        self._definitions = definitions
        self._canonicals = canonicals

    def check(self, element: Mapping[str, Any], path: str) -> list[Finding]:
        """What is wrong with an element's types, their profiles and targets, and its binding."""
        findings = self._check_targets(element) + self._check_binding(element)
        for number, entry in objects(element, "type"):
            profiles = entry.get("profile")
            for index, url in enumerate(profiles if isinstance(profiles, list) else ()):
                profile_findings = self._check_extension(
                    url, is_modifier=path.endswith(".modifierExtension")
                )
                findings += under(profile_findings, "type", number, "profile", index)
        return findings

    def _check_extension(self, url: object, *, is_modifier: bool) -> list[Finding]:
        """Whether a modifier extension is in modifierExtension, and only there."""
        structure = (
            self._canonicals.find(url, "StructureDefinition") if isinstance(url, str) else None
        )
        if structure is None or structure.get("type") != "Extension":
            return []
        root = next((element for _, element in objects(structure.get("snapshot"), "element")), None)
        if root is None or (root.get("isModifier") is True) == is_modifier:
            return []
        if is_modifier:
            message = f"{url} does not change the meaning, and modifierExtension is for what does"
            message_id = "SD_ED_TYPE_PROFILE_IS_MODIFIER"
        else:
            message = f"{url} changes the meaning, so it belongs in modifierExtension"
            message_id = "SD_ED_TYPE_PROFILE_NOT_MODIFIER"
        return report(ELEMENT_DEFINITION, message, None, message_id)

    def _check_binding(self, element: Mapping[str, Any]) -> list[Finding]:
        binding = element.get("binding")
        url = text(binding, "valueSet")
        if not url or self._canonicals.find(url, "ValueSet") is not None:
            return []
        resource = self._canonicals.find(url)
        if resource is None or resource.get("resourceType") == "ValueSet":
            return []
        message = f"{url} is a {resource.get('resourceType')}, not a ValueSet"
        findings = report(ELEMENT_DEFINITION, message, None, "SD_ED_BIND_NOT_VS")
        return under(findings, "binding")

    def definition(self, name: str) -> Mapping[str, Any] | None:
        """The StructureDefinition of a type, FHIR's own or one named by its url."""
        url = name if ":" in name else CORE_URL + name
        return self._canonicals.find(url, "StructureDefinition")

    def _check_targets(self, element: Mapping[str, Any]) -> list[Finding]:
        findings: list[Finding] = []
        for number, entry in objects(element, "type"):
            name, targets = type_name(entry), entry.get("targetProfile")
            if not isinstance(targets, list) or name not in self._definitions:
                continue
            if "has-target" not in type_characteristics(name, self.definition(name)):
                findings += report(POINTLESS_LIMIT, f"'targetProfile' does not apply to {name}")
                target_findings = report(
                    ELEMENT_DEFINITION,
                    f"a {name} refers to nothing, so it has no target",
                    None,
                    "SD_ED_TYPE_NO_TARGET_PROFILE",
                )
                findings += under(target_findings, "type", number, "targetProfile", 0)
                continue
            for index, target in enumerate(targets):
                target_findings = self._check_target(name, target)
                findings += under(target_findings, "type", number, "targetProfile", index)
        return findings

    def _check_target(self, name: str, target: object) -> list[Finding]:
        """What is wrong with the profile of a reference's target."""
        structure = (
            self._canonicals.find(target, "StructureDefinition")
            if isinstance(target, str)
            else None
        )
        if structure is None or structure.get("kind") in ("resource", "logical"):
            return []
        message = f"{target} is not a profile of a resource, and a {name} refers to resources"
        return report(ELEMENT_DEFINITION, message, None, "SD_ED_TYPE_PROFILE_WRONG_TARGET")
