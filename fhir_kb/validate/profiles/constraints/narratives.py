"""Extensions on an element by which a profile constrains narratives.

http://hl7.org/fhir/extensions/StructureDefinition-narrative-language-control.html,
http://hl7.org/fhir/extensions/StructureDefinition-narrative-source-control.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.validate.profiles.tree import ProfileNode

LANGUAGE_CONTROL: Final = "http://hl7.org/fhir/StructureDefinition/narrative-language-control"
SOURCE_CONTROL: Final = "http://hl7.org/fhir/StructureDefinition/narrative-source-control"


def constrains_narrative(node: ProfileNode) -> bool:
    """Whether an element constrains narratives."""
    return any(True for url in (LANGUAGE_CONTROL, SOURCE_CONTROL) for _ in control_codes(node, url))


def control_codes(node: ProfileNode, url: str) -> Iterator[str]:
    """The codes of an extension on an element."""
    listed = node.definition.get("extension")
    for extension in listed if isinstance(listed, list) else ():
        if isinstance(extension, dict) and extension.get("url") == url:
            code = extension.get("valueCode") or (extension.get("valueCoding") or {}).get("code")
            if isinstance(code, str):
                yield code
