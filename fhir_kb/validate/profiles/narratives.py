"""What a profile demands of a narrative: sections by language, and where each part comes from.

http://hl7.org/fhir/extensions/StructureDefinition-narrative-language-control.html,
http://hl7.org/fhir/extensions/StructureDefinition-narrative-source-control.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from fhir_kb.fhirpath.evaluation.references import member
from fhir_kb.validate.codes import NARRATIVE_LANGUAGE, NARRATIVE_SOURCE
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.profiles.places import at
from fhir_kb.validate.profiles.run import resource_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element as XmlElement

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.tree import Node

_LANGUAGES: Final = "http://hl7.org/fhir/StructureDefinition/narrative-language-control"
_SOURCES: Final = "http://hl7.org/fhir/StructureDefinition/narrative-source-control"
#: What the class of a part of a narrative may say of its source.
_CLASSES: Final = ("boilerplate", "generated", "original")
_DIV: Final = "{http://www.w3.org/1999/xhtml}div"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def check_narrative(node: Node, element: Element) -> list[Finding]:
    """What is wrong with a Narrative."""
    if element.type.name != "Narrative" or not is_about_narratives(node):
        return []
    root = _read(member(element, "div"))
    if root is None:
        return []  # said where the narrative is read
    found: list[Finding] = []
    sections = _sections(root)
    for one in _demanded(node.definition, _LANGUAGES):
        if wrong := _wrong(one, sections, member(resource_of(element), "language")):
            message = f"{wrong}, says {node.tree.name}; there are: {', '.join(sections) or 'none'}"
            found += at(element, NARRATIVE_LANGUAGE, message)
    if any(one != "success" for one in _demanded(node.definition, _SOURCES)):
        for text in _without_source(root):
            message = f"{quoted(text)} does not say where it comes from, as {node.tree.name} asks"
            found += at(element, NARRATIVE_SOURCE, message, f"class: {', '.join(_CLASSES)}")
    return found


def is_about_narratives(node: Node) -> bool:
    """Whether an element demands anything of a narrative."""
    definition = node.definition
    return any(True for url in (_LANGUAGES, _SOURCES) for _ in _demanded(definition, url))


def _demanded(definition: Mapping[str, Any], url: str) -> Iterator[str]:
    """The codes of an extension on an element."""
    listed = definition.get("extension")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("url") == url:
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
    return f"the narrative must have a section in {quoted(wanted)}"


def _read(div: Any) -> XmlElement | None:
    """A narrative; None where it cannot be read."""
    if not isinstance(div, str):
        return None
    try:
        found: XmlElement = fromstring(div, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return found


def _sections(root: XmlElement) -> list[str]:
    """The languages of the sections of a narrative, in order."""
    named = [one.get("lang") or one.get(_XML_LANG) for one in root if one.tag == _DIV]
    return [one for one in named if one]


def _without_source(root: XmlElement) -> list[str]:
    """The parts of a narrative that do not say where they come from, as text, in order.

    A part is what stands in the outermost div, or in a div there that says nothing itself.
    """
    found = [root.text or ""]
    for one in root:
        if set(_CLASSES).isdisjoint((one.get("class") or "").split()):
            if one.tag == _DIV:
                found += _without_source(one)
            else:
                found.append("".join(one.itertext()) or "…")
        found.append(one.tail or "")
    return [" ".join(text.split()) for text in found if text.strip()]
