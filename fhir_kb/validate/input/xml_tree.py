"""FHIR XML as a tree of elements with their positions: http://hl7.org/fhir/xml.html.

Read by expat without a document type, so that no entity can be declared and nothing else is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from fhir_kb.validate.core.issue import report
from fhir_kb.validate.finding_codes import NOT_XML, TOO_DEEP
from fhir_kb.validate.input.encodings import utf16_codec
from fhir_kb.validate.narrative.xhtml import NAMESPACE as XHTML

if TYPE_CHECKING:
    from fhir_kb.validate.core.issue import Finding

NAMESPACE: Final = "http://hl7.org/fhir"
#: Far more than any resource needs, far less than what exhausts a stack.
MAX_DEPTH: Final = 300
_BOM: Final = b"\xef\xbb\xbf"
_START_TAG = re.compile(rb"(<[^\s/>]+)(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
#: Prefixes of elements and attributes; in texts there may be some that are none.
_PREFIX = re.compile(rb"[<\s]([^\s<>/:=\"'&]+):")
_UNPREFIXED = re.compile(rb"<[^\s/!?:>]+[\s/>]")
_ENCODING = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._\-]{1,40})[\"']")


class XmlElement:
    """An element of FHIR XML."""

    __slots__ = (
        "attributes", "children", "column", "line", "name", "namespace", "source", "text",
    )  # fmt: skip

    def __init__(self, name: str, attributes: dict[str, str], line: int, column: int) -> None:
        self.namespace, _, self.name = name.rpartition(" ")
        self.attributes = attributes
        self.line = line
        self.column = column
        self.children: list[XmlElement] = []
        self.text = ""
        """The beginning of the text in it, which FHIR XML has only in XHTML."""
        self.source = ""
        """The whole text of an XHTML div; its children are not kept."""


class XmlTree(NamedTuple):
    """The root, or why the text cannot be read, with line and column."""

    root: XmlElement | None
    problem: Finding | None = None
    line: int = 1
    column: int = 1
    instructions: tuple[tuple[str, int, int], ...] = ()
    """The targets of processing instructions, with line and column."""


class _StopError(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def read_tree(data: bytes) -> XmlTree:
    """Read an XML text; never raises on bad content."""
    if utf16_codec(data):
        return _refused("the text is UTF-16", "save it as UTF-8")
    data = data.removeprefix(_BOM)
    encoding = _ENCODING.match(data)
    if encoding is not None and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        return _refused(f"the encoding is given as {encoding[1].decode()}", "FHIR has UTF-8 only")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _refused(f"the byte 0x{data[error.start]:02X} is not UTF-8", "save it as UTF-8")
    reader = _Reader(data)
    try:
        root = reader.parse()
        return XmlTree(root, instructions=tuple(reader.instructions))
    except _StopError as stop:
        return XmlTree(None, stop.finding, *reader.position())
    except expat.ExpatError as error:
        message = f"the text is not well-formed XML: {expat.errors.messages[error.code]}"
        return XmlTree(None, report(NOT_XML, message)[0], error.lineno, error.offset + 1)


def _refused(message: str, advice: str) -> XmlTree:
    return XmlTree(None, report(NOT_XML, message, advice)[0])


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._open: list[XmlElement] = []
        self._root: XmlElement | None = None
        self.instructions: list[tuple[str, int, int]] = []
        self._inside = 0
        self._start = 0
        self._scope: dict[str, list[str]] = {}
        """Prefix ("": none) -> the namespaces that are declared for it, the inner ones last."""
        self._declared: set[str] = set()
        """The prefixes that the element which begins now declares."""
        self._own: set[str] = set()
        """The prefixes that the outermost element of the XHTML declares."""
        self._parser = parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._declare
        parser.EndNamespaceDeclHandler = self._undeclare
        parser.ProcessingInstructionHandler = self._instruction

    def parse(self) -> XmlElement | None:
        self._parser.Parse(self._data, True)
        return self._root

    def position(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _doctype(self, *_: object) -> None:
        raise _StopError(report(NOT_XML, "FHIR XML has no document type", "remove the DOCTYPE")[0])

    def _instruction(self, target: str, _data: str) -> None:
        self.instructions.append((target, *self.position()))

    def _declare(self, prefix: str | None, namespace: str | None) -> None:
        self._scope.setdefault(prefix or "", []).append(namespace or "")
        self._declared.add(prefix or "")

    def _undeclare(self, prefix: str | None) -> None:
        self._scope[prefix or ""].pop()

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        own, self._declared = self._declared, set()
        if self._inside:
            self._inside += 1
            return
        element = XmlElement(name, attributes, *self.position())
        if self._open:
            self._open[-1].children.append(element)
            if element.namespace == XHTML:
                self._inside = 1
                self._start = self._parser.CurrentByteIndex
                self._own = own
        else:
            self._root = element
        if len(self._open) >= MAX_DEPTH:
            raise _StopError(report(TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")[0])
        self._open.append(element)

    def _end(self, _name: str) -> None:
        if self._inside > 1:
            self._inside -= 1
            return
        element = self._open.pop()
        if self._inside:
            self._inside = 0
            element.source = self._xhtml_source(self._parser.CurrentByteIndex)

    def _xhtml_source(self, end_tag: int) -> str:
        """The XHTML that ends with this tag, with the namespaces that it has from around it."""
        start_tag = _START_TAG.match(self._data, self._start)
        assert start_tag is not None  # the parser has read it
        name, end = start_tag.end(1), start_tag.end()
        if not start_tag[0].endswith(b"/>"):
            end = self._data.find(b">", end_tag) + 1
        source = self._data[self._start : end]
        if self._scope.keys() <= self._own:  # the usual case
            return source.decode()
        prefixes = {prefix.decode() for prefix in _PREFIX.findall(source)}
        if _UNPREFIXED.search(source):
            prefixes.add("")
        declarations = "".join(
            f" xmlns{prefix and ':'}{prefix}={quoteattr(self._scope[prefix][-1])}"
            for prefix in sorted(prefixes - self._own)
            if self._scope.get(prefix) and self._scope[prefix][-1]
        )
        if not declarations:
            return source.decode()
        length = name - self._start
        return b"".join((source[:length], declarations.encode(), source[length:])).decode()

    def _text(self, text: str) -> None:
        if not self._inside:
            element = self._open[-1]
            if not element.text and not text.isspace():
                element.text = text.strip()[:60]
