"""The types of elements, their profiles and targets, and the value sets of their bindings.

http://hl7.org/fhir/elementdefinition-definitions.html#ElementDefinition.type
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import TYPES
from fhir_kb.validate.codes import ELEMENT_DEFINITION, POINTLESS_LIMIT
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.resources.structure_definitions.type_limits import characteristics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding

_FHIR_TYPE: Final = f"{TYPES}structuredefinition-fhir-type"


def type_name(one: Mapping[str, Any]) -> str:
    """The name of an element's type; FHIR's where FHIRPath's stands for it."""
    for _, extension in objects(one, "extension"):
        if extension.get("url") == _FHIR_TYPE:
            return text(extension, "valueUrl") or text(extension, "valueUri")
    return text(one, "code").removeprefix(TYPES)


class Types:
    """Checks what elements' types and bindings name, where it is known."""

    def __init__(self, definitions: Definitions, known: Canonicals) -> None:
        self._definitions = definitions
        self._known = known

    def check(self, element: Mapping[str, Any], path: str) -> list[Finding]:
        """What is wrong with an element's types, their profiles and targets, and its binding."""
        found = self._targets(element) + self._binding(element)
        for number, one in objects(element, "type"):
            profiles = one.get("profile")
            for index, url in enumerate(profiles if isinstance(profiles, list) else ()):
                bad = self._extension(url, is_modifier=path.endswith(".modifierExtension"))
                found += under(bad, "type", number, "profile", index)
        return found

    def _extension(self, url: object, *, is_modifier: bool) -> list[Finding]:
        """Whether an extension stands where those that change meanings do, or do not."""
        known = self._known.find(url, "StructureDefinition") if isinstance(url, str) else None
        if known is None or known.get("type") != "Extension":
            return []
        root = next((one for _, one in objects(known.get("snapshot"), "element")), None)
        if root is None or (root.get("isModifier") is True) == is_modifier:
            return []
        if is_modifier:
            message = f"{url} does not change the meaning, and modifierExtension is for what does"
            id_ = "SD_ED_TYPE_PROFILE_IS_MODIFIER"
        else:
            message = f"{url} changes the meaning, so it belongs in modifierExtension"
            id_ = "SD_ED_TYPE_PROFILE_NOT_MODIFIER"
        return report(ELEMENT_DEFINITION, message, None, id_)

    def _binding(self, element: Mapping[str, Any]) -> list[Finding]:
        binding = element.get("binding")
        url = text(binding, "valueSet")
        if not url or self._known.find(url, "ValueSet") is not None:
            return []
        other = self._known.find(url)
        if other is None or other.get("resourceType") == "ValueSet":
            return []
        message = f"{url} is a {other.get('resourceType')}, not a ValueSet"
        found = report(ELEMENT_DEFINITION, message, None, "SD_ED_BIND_NOT_VS")
        return under(found, "binding")

    def definition(self, name: str) -> Mapping[str, Any] | None:
        """The StructureDefinition of a type, FHIR's own or one named by its url."""
        url = name if ":" in name else TYPES + name
        return self._known.find(url, "StructureDefinition")

    def _targets(self, element: Mapping[str, Any]) -> list[Finding]:
        found: list[Finding] = []
        for number, one in objects(element, "type"):
            name, targets = type_name(one), one.get("targetProfile")
            if not isinstance(targets, list) or name not in self._definitions:
                continue
            if "has-target" not in characteristics(name, self.definition(name)):
                found += report(POINTLESS_LIMIT, f"'targetProfile' means nothing for {name}")
                bad = report(
                    ELEMENT_DEFINITION,
                    f"a {name} refers to nothing, so it has no target",
                    None,
                    "SD_ED_TYPE_NO_TARGET_PROFILE",
                )
                found += under(bad, "type", number, "targetProfile", 0)
                continue
            for index, target in enumerate(targets):
                bad = self._target(name, target)
                found += under(bad, "type", number, "targetProfile", index)
        return found

    def _target(self, name: str, target: object) -> list[Finding]:
        """What is wrong with the profile that a reference's target is to have."""
        known = self._known.find(target, "StructureDefinition") if isinstance(target, str) else None
        if known is None or known.get("kind") in ("resource", "logical"):
            return []
        message = f"{target} is no profile of a resource, and a {name} refers to resources"
        return report(ELEMENT_DEFINITION, message, None, "SD_ED_TYPE_PROFILE_WRONG_TARGET")
