"""What a profile demands of the languages in a narrative.

http://hl7.org/fhir/extensions/StructureDefinition-narrative-language-control.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from fhir_kb.fhirpath.surroundings import member
from fhir_kb.validate.fhir.issue import shown
from fhir_kb.validate.fhir.kinds_profiles import NARRATIVE_LANGUAGE
from fhir_kb.validate.profiles.places import at
from fhir_kb.validate.profiles.run import resource_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.fhir.issue import Finding
    from fhir_kb.validate.profiles.tree import Node

_CONTROL: Final = "http://hl7.org/fhir/StructureDefinition/narrative-language-control"
_DIV: Final = "{http://www.w3.org/1999/xhtml}div"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def check_narrative(node: Node, element: Element) -> list[Finding]:
    """What is wrong with the sections by language in a Narrative."""
    demanded = list(_demanded(node.definition)) if element.type.name == "Narrative" else []
    if not demanded:
        return []
    sections = _sections(member(element, "div"))
    if sections is None:
        return []  # said where the narrative is read
    found: list[Finding] = []
    for one in demanded:
        if wrong := _wrong(one, sections, member(resource_of(element), "language")):
            message = f"{wrong}, says {node.tree.name}; there are: {', '.join(sections) or 'none'}"
            found += at(element, NARRATIVE_LANGUAGE, message)
    return found


def is_about_languages(node: Node) -> bool:
    """Whether an element demands anything of the languages in a narrative."""
    return any(True for _ in _demanded(node.definition))


def _demanded(definition: Mapping[str, Any]) -> Iterator[str]:
    listed = definition.get("extension")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("url") == _CONTROL:
            code = one.get("valueCode") or (one.get("valueCoding") or {}).get("code")
            if isinstance(code, str):
                yield code


def _wrong(demanded: str, sections: list[str], language: Any) -> str:
    if demanded == "_no":
        return "the narrative must have no sections by language" if sections else ""
    if demanded == "_yes":
        return "" if sections else "the narrative must have sections by language"
    wanted = language if demanded == "_resource" else demanded
    if not isinstance(wanted, str) or wanted in sections:
        return ""
    return f"the narrative must have a section in {shown(wanted)}"


def _sections(div: Any) -> list[str] | None:
    """The languages of the sections of a narrative, in order; None where it cannot be read."""
    if not isinstance(div, str):
        return None
    try:
        root = fromstring(div, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    named = [one.get("lang") or one.get(_XML_LANG) for one in root if one.tag == _DIV]
    return [one for one in named if one]
