"""Narratives by a profile: sections by language, and the source of each part.

http://hl7.org/fhir/extensions/StructureDefinition-narrative-language-control.html,
http://hl7.org/fhir/extensions/StructureDefinition-narrative-source-control.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath.evaluation.references import json_property
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.finding_codes import NARRATIVE_LANGUAGE, NARRATIVE_SOURCE
from fhir_kb.validate.profiles.constraints.narratives import (
    LANGUAGE_CONTROL,
    SOURCE_CONTROL,
    constrains_narrative,
    control_codes,
)
from fhir_kb.validate.profiles.locations import report_at
from fhir_kb.validate.profiles.run import resource_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element as XmlElement

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.tree import ProfileNode

#: Classes of a part of a narrative that name its source.
_SOURCE_CLASSES: Final = ("boilerplate", "generated", "original")
_DIV: Final = "{http://www.w3.org/1999/xhtml}div"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def check_narrative(node: ProfileNode, element: Element) -> list[Finding]:
    """What is wrong with a Narrative."""
    if element.type.name != "Narrative" or not constrains_narrative(node):
        return []
    div = _parse(json_property(element, "div"))
    if div is None:
        return []  # reported by the check of the narrative itself
    findings: list[Finding] = []
    sections = _section_languages(div)
    for code in control_codes(node, LANGUAGE_CONTROL):
        problem = _language_problem(code, sections, json_property(resource_of(element), "language"))
        if problem:
            present = ", ".join(sections) or "none"
            message = f"{problem}, as {node.tree.name} requires; there are: {present}"
            findings += report_at(element, NARRATIVE_LANGUAGE, message)
    if any(code != "success" for code in control_codes(node, SOURCE_CONTROL)):
        for text in _parts_without_source(div):
            message = f"{quoted(text)} does not state its source, as {node.tree.name} requires"
            advice = f"class: {', '.join(_SOURCE_CLASSES)}"
            findings += report_at(element, NARRATIVE_SOURCE, message, advice)
    return findings


def _language_problem(code: str, sections: list[str], resource_language: Any) -> str:
    if code == "_no":
        return "the narrative must have no sections by language" if sections else ""
    if code == "_yes":
        return "" if sections else "the narrative must have sections by language"
    language = resource_language if code == "_resource" else code
    if not isinstance(language, str) or language in sections:
        return ""
    return f"the narrative must have a section in {quoted(language)}"


def _parse(div: Any) -> XmlElement | None:
    """A narrative; None where it is no XML."""
    if not isinstance(div, str):
        return None
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: XmlElement = fromstring(div, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return root


def _section_languages(div: XmlElement) -> list[str]:
    """The languages of the sections of a narrative, in order."""
    languages = [part.get("lang") or part.get(_XML_LANG) for part in div if part.tag == _DIV]
    return [language for language in languages if language]


def _parts_without_source(div: XmlElement) -> list[str]:
    """The parts of a narrative that do not name their source, as text, in order.

    A part is a child of the outermost div, or of a div in it that names no source itself.
    """
    texts = [div.text or ""]
    for part in div:
        if set(_SOURCE_CLASSES).isdisjoint((part.get("class") or "").split()):
            if part.tag == _DIV:
                texts += _parts_without_source(part)
            else:
                texts.append("".join(part.itertext()) or "…")
        texts.append(part.tail or "")
    return [" ".join(text.split()) for text in texts if text.strip()]
