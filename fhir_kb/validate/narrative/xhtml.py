"""XHTML as narratives may have it: http://hl7.org/fhir/narrative.html#xhtml.

Read by expat without a document type, so that no entity can be declared: names of characters are
replaced before, and a DOCTYPE is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.core.issue import quoted, report
from fhir_kb.validate.finding_codes import (
    NOT_XHTML,
    XHTML_ACTIVE,
    XHTML_ATTRIBUTE,
    XHTML_ELEMENT,
    XHTML_LINK,
    XHTML_ROOT,
)
from fhir_kb.validate.narrative.xhtml_nesting import check_nesting, is_nested_correctly

if TYPE_CHECKING:
    from fhir_kb.validate.core.issue import Finding

NAMESPACE: Final = "http://www.w3.org/1999/xhtml"
_ELEMENTS: Final = frozenset(
    """a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn
    div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q s samp small span strong sub
    sup table tbody td tfoot th thead tr tt u ul var""".split()  # noqa: SIM905 (read as words)
)
_ATTRIBUTES: Final = frozenset(
    """abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign
    char charoff charset cite class colspan compact coords dir frame headers height href hreflang
    hspace id ismap lang longdesc name nohref nowrap rel rev rowspan rules scope shape span src
    start style summary tabindex title type usemap valign value vspace width
    xml:lang xml:space""".split()  # noqa: SIM905 (read as words)
)
#: Allowed on all elements, with any value.
_HARMLESS: Final = frozenset(
    {"class", "title", "lang", "xml:lang", "dir", "colspan", "rowspan", "align", "valign"}
)
_ONLY_ON: Final = {
    "href": {"a", "area"},
    "src": {"img"},
    "name": {"a", "map"},
    "cellpadding": {"table"},
    "cellspacing": {"table"},
    "type": {"a", "ol", "ul", "li"},
}
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.\-\s]*):")
_ACTIVE: Final = frozenset({"javascript", "vbscript", "livescript", "jscript", "mocha"})
_NAMES_ONLY: Final = frozenset({"urn", "oid", "uuid"})
_ACTIVE_STYLE = re.compile(r"(?i)expression\s*\(|javascript\s*:|behaviou?r\s*:|-moz-binding")
_NOT_IN_URLS = re.compile(
    r"^data:[^,]*$|^data:[^,]*,[^,]*,|^(?!data:).*[^\w;?:@&=+$.,/%\-~#\[\]!'()*|]", re.DOTALL
)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*")
#: Start tags that were checked: pages made by programs repeat the same few.
_TAGS: dict[str, _Tag | None] = {}
_CACHE_SIZE: Final = 2048
_ENTITY = re.compile(r"&(?!#)([^;\s<&]*);?")
_XML_ENTITIES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ANY_TAG = re.compile(r"<(/?[A-Za-z][^<>]*)>")
_START_TAG = re.compile(r"<([A-Za-z][^<>]*)>")
_PLAIN_TAG = re.compile(
    r"([A-Za-z][A-Za-z0-9]*)"
    r"((?:\s+[A-Za-z][A-Za-z:\-]*\s*=\s*(?:\"[^\"&]*\"|'[^'&]*'))*)\s*/?"
)
_ATTRIBUTE = re.compile(r"([A-Za-z][A-Za-z:\-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
# Text between tags that is more than white space.
_TEXT = re.compile(r">[^<]*[^<\s]")


def read(text: str, *, fast_path: bool = True) -> Reader:
    """What the XHTML holds and what is wrong with it; never raises.

    Args:
        text: The div, with its tags.
        fast_path: Whether `_read_by_tags` is tried first.
    """
    reader = Reader()
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        reader.findings += report(
            NOT_XHTML,
            "a narrative has no document type",
            "remove the DOCTYPE",
            "XHTML_XHTML_DOCTYPE_ILLEGAL",
        )
        return reader
    if "&" in text:
        text, reader.findings = without_entities(text)
    try:
        valid = _read_by_tags(text) if fast_path and not reader.findings else None
        if valid is not None:
            return valid
        reader.parse(text)
        reader.findings += check_nesting(text)
    except expat.ExpatError as error:
        reader.findings += _not_well_formed(error)
    except UnicodeEncodeError:
        reader.findings += report(
            NOT_XHTML, "the narrative contains a lone surrogate (half of a character)"
        )
    return reader


class _Tag(NamedTuple):
    """A valid start tag, and what it adds to the narrative."""

    is_root: bool
    has_content: bool
    anchors: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def _read_by_tags(text: str) -> Reader | None:
    """Read a narrative in which all tags are valid; None where it has to be read in full.

    The parser says whether the whole is well-formed, and each different tag is checked only once in
    the life of the program, which is several times as fast as a call for each tag.

    Raises:
        ExpatError: It is not well-formed.
    """
    root = _START_TAG.match(text)
    if root is None or "<!" in text or "<?" in text:
        return None
    expat.ParserCreate().Parse(text, True)
    reader = Reader()
    tags = _ANY_TAG.findall(text)
    if not is_nested_correctly(tags, text):
        return None
    for source in sorted(set(tags)):
        if source[0] == "/":
            continue
        tag = _TAGS[source] if source in _TAGS else _cache_tag(source)
        if tag is None or (source == root[1] and not tag.is_root):
            return None
        reader.has_content = reader.has_content or tag.has_content
        reader.anchors.update(tag.anchors)
        reader.links += tag.links
    reader.has_content = reader.has_content or _TEXT.search(text) is not None
    return reader


def _cache_tag(source: str) -> _Tag | None:
    if len(_TAGS) >= _CACHE_SIZE:
        _TAGS.clear()
    tag = _TAGS[source] = _read_tag(source)
    return tag


def _read_tag(source: str) -> _Tag | None:
    """The tag; None for one that is not valid, or not written plainly."""
    match = _PLAIN_TAG.fullmatch(source)
    if match is None:
        return None
    attributes = {part[1]: part[2] or part[3] or "" for part in _ATTRIBUTE.finditer(match[2])}
    reader = Reader()
    reader.element(match[1], attributes)
    is_root = match[1] == "div" and attributes.get("xmlns") == NAMESPACE
    if reader.findings or ("xmlns" in attributes and not is_root):
        return None
    anchors = tuple(sorted(reader.anchors))
    return _Tag(is_root, reader.has_content, anchors, tuple(reader.links))


class Reader:
    """Collects findings on elements and attributes, and the links and their targets."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.has_content = False
        """Whether there is text or an image."""
        self.anchors: set[str] = set()
        """The names that links inside the narrative may lead to."""
        self.links: list[tuple[str, str]] = []
        """(element, name) of links that lead to a name ("#name")."""
        self._has_other_namespace = False
        """Whether a namespace other than XHTML's was reported."""

    def parse(self, text: str) -> None:
        """Read the whole.

        Raises:
            ExpatError: It is not well-formed.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True

        def check_root(name: str, attributes: dict[str, str]) -> None:
            parser.StartElementHandler = self._start
            self._root(name)
            self._start(name, attributes)

        parser.StartElementHandler = check_root
        # Comments, and a > in an attribute, would look like text to the pattern.
        if "<!" in text or "<?" in text or text.count("<") != text.count(">"):
            parser.CharacterDataHandler = self._characters
        else:
            self.has_content = _TEXT.search(text) is not None
        parser.Parse(text, True)

    def _characters(self, text: str) -> None:
        if not text.isspace():
            self.has_content = True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        """Check a start tag whose names are written as the parser does: see `_names`."""
        namespace, local, written = _names(name)
        if namespace != NAMESPACE and not self._has_other_namespace:
            self._has_other_namespace = True
            message = f"<{written}> is in the namespace {quoted(namespace)}"
            self.findings += report(XHTML_ROOT, message, message_id="XHTML_XHTML_NS_InValid")
        plain = {_names(attribute)[2]: value for attribute, value in attributes.items()}
        self.element(local, plain, written)

    def element(self, name: str, attributes: dict[str, str], written: str = "") -> None:
        """Check a start tag.

        Args:
            name: The name of the element, without its prefix.
            attributes: Its attributes, with their prefixes.
            written: Its name with the prefix, for messages; "" where it has none.
        """
        if name not in _ELEMENTS:
            self.findings += report(
                XHTML_ELEMENT,
                f"<{written or name}> is not allowed in a narrative",
                did_you_mean(name, _ELEMENTS) if name.lower() in _ELEMENTS else None,
            )
        elif name == "img" and attributes.get("src"):
            self.has_content = True
        for attribute, value in attributes.items():
            if attribute not in _HARMLESS:
                self._attribute(name, attribute, value)

    def _root(self, name: str) -> None:
        """Check the name of the outermost element."""
        namespace, local, written = _names(name)
        if local != "div":
            self.findings += report(
                XHTML_ROOT,
                f"the narrative begins with <{written}>, not with <div>",
                message_id="XHTML_XHTML_Name_Invalid",
            )
        if namespace != NAMESPACE:
            self._has_other_namespace = True
            self.findings += report(
                XHTML_ROOT,
                f"the namespace of the narrative is '{namespace}'",
                f'write <div xmlns="{NAMESPACE}">',
            )

    def _attribute(self, element: str, attribute: str, value: str) -> None:
        if attribute == "xmlns":  # of a tag that is read without its namespace
            return
        if attribute not in _ATTRIBUTES or element not in _ONLY_ON.get(attribute, (element,)):
            self.findings += report(
                XHTML_ATTRIBUTE,
                f"the attribute '{attribute}' is not allowed on <{element}> in a narrative",
            )
        elif attribute in ("id", "name"):
            self.anchors.add(value)
        elif attribute in ("href", "src"):
            self._link(element, value)
        elif attribute == "style" and _ACTIVE_STYLE.search(value):
            self.findings += report(XHTML_ACTIVE, f"the style {quoted(value)} runs something")

    def _link(self, element: str, target: str) -> None:
        if target.startswith("#"):
            self.links.append((element, target[1:]))
            return
        match = _SCHEME.match(target)
        scheme = "".join(match[1].split()).lower() if match else ""
        if scheme in _ACTIVE or (scheme == "data" and element != "img"):
            self.findings += report(XHTML_ACTIVE, f"the link {quoted(target)} runs something")
        elif not target or _NOT_IN_URLS.search(target) or not _is_data(target):
            why = "is empty" if not target else "is not written as urls are"
            self.findings += report(
                XHTML_LINK, f"the link {quoted(target)} {why}", message_id="XHTML_URL_INVALID"
            )
        elif scheme in _NAMES_ONLY:
            self.findings += report(
                XHTML_LINK,
                f"the link {quoted(target)} is a name; nobody can follow it",
                message_id="TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF",
            )


def _names(name: str) -> tuple[str, str, str]:
    """Namespace, local name, and name with prefix of a "namespace local prefix" of the parser."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", name, name
    written = f"{parts[2]}:{parts[1]}" if len(parts) > 2 else parts[1]
    return parts[0], parts[1], written


def _is_data(target: str) -> bool:
    """Whether a link that holds its data holds base64 where it says so."""
    kind, comma, data = target.partition(",")
    if not kind.startswith("data:") or not comma or not kind.endswith(";base64"):
        return True
    return _BASE64.fullmatch(data) is not None and len("".join(data.split())) % 4 == 0


def without_entities(text: str) -> tuple[str, list[Finding]]:
    """The text with HTML's character names as numbers, and findings on names that do not exist."""
    from html.entities import name2codepoint

    findings: list[Finding] = []

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name in _XML_ENTITIES:
            return match[0]
        if name in name2codepoint and match[0].endswith(";"):
            return f"&#{name2codepoint[name]};"
        findings.extend(
            report(
                NOT_XHTML,
                f"{quoted(match[0])} is not a character that HTML names",
                "write &amp; for the sign itself",
                "XHTML_XHTML_Entity_Illegal",
            )
        )
        return ""

    return _ENTITY.sub(replace, text), findings


def _not_well_formed(error: expat.ExpatError) -> list[Finding]:
    reason = expat.ErrorString(error.code)
    return report(
        NOT_XHTML,
        f"the narrative is not well-formed: {reason} "
        f"(line {error.lineno}, column {error.offset + 1} of it)",
    )
