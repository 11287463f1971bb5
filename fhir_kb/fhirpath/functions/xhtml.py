"""The rules for a narrative's XHTML: basic formatting, no active content (FHIR: Narrative)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAMESPACE = "http://www.w3.org/1999/xhtml"
MAX_LENGTH = 2_000_000

_ELEMENTS = """
a abbr acronym address b big blockquote br caption cite code col colgroup dd del dfn div dl dt
em figure figcaption h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike
strong sub sup table tbody td tfoot th thead tr tt ul u var
"""
ELEMENTS = frozenset(_ELEMENTS.split())
_ATTRIBUTES = """
title style class id idref lang dir accesskey tabindex align valign cite datetime span width
char charoff colspan rowspan headers scope abbr axis cellpadding cellspacing border frame rules
summary start type value compact nowrap height alt
"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
LINKS = {"a": frozenset(("href", "name", "rel", "rev", "target", "type", "hreflang", "charset"))}
IMAGES = frozenset(("src", "usemap", "ismap", "longdesc"))
_ACTIVE = re.compile(r"^\s*(?:javascript|vbscript|data:text/html)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#)(\w+);")


@lru_cache(maxsize=32)
def is_safe_xhtml(text: str) -> bool:
    """Whether the XHTML has only the elements and attributes that FHIR allows, and some content."""
    from html.entities import html5

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if len(text) > MAX_LENGTH:
        return False
    plain = _ENTITY.sub(lambda match: _character(match, html5), text)
    root = "" if plain.lstrip().startswith("<div") else f'<div xmlns="{NAMESPACE}">'
    try:
        tree = fromstring(f"{root}{plain}{'</div>' if root else ''}", forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return False
    return all(_is_allowed(element) for element in tree.iter()) and _has_content(tree)


def _character(match: re.Match[str], entities: dict[str, str]) -> str:
    character = entities.get(match[1] + ";")
    return match[0] if character is None else "".join(f"&#{ord(part)};" for part in character)


def _is_allowed(element: Element) -> bool:
    namespace, _, name = element.tag.rpartition("}")
    if namespace.lstrip("{") not in ("", NAMESPACE) or name not in ELEMENTS:
        return False
    allowed = ATTRIBUTES | LINKS.get(name, frozenset()) | (IMAGES if name == "img" else frozenset())
    return all(
        (key in allowed or key.endswith(("}lang", "}space")))
        and not (key in ("href", "src") and _ACTIVE.match(value))
        for key, value in element.attrib.items()
    )


def _has_content(tree: Element) -> bool:
    has_text = any(text.strip() for text in tree.itertext())
    return has_text or any(str(element.tag).endswith("img") for element in tree.iter())
