"""Images: which type a file has by its bytes, and whether it may be shown.

Photographs and drawings are PNG, JPEG, GIF or WebP. An SVG is a program in the wrong hands
(https://www.w3.org/TR/SVG2/conform.html, secure static mode): it is taken over only where nothing
in it runs, moves or leads out of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from fhir_kb.model.page import ImageFile

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES: Final = 256 * 1024
"""What one image may have: it stands in the narratives, in base64."""

MAX_BYTES_OF_TOPIC: Final = 1024 * 1024
"""What all images of a topic may have."""

SUFFIXES: Final[Mapping[str, str]] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
"""How the names of images end, and their MIME types."""

_STARTS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_SVG_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg|!--|!DOCTYPE|[\w.-]+:svg)")
_SVG: Final = "http://www.w3.org/2000/svg"
#: what drawing programs note in their files; nothing shows or runs it
_NOTES: Final = (
    "http://www.inkscape.org/namespaces/",
    "http://sodipodi.sourceforge.net/",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://purl.org/dc/",
)
_STILL: Final = frozenset(
    """svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath
    title desc metadata linearGradient radialGradient stop clipPath mask pattern marker image switch
    style filter feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix
    feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG
    feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight
    feSpecularLighting feSpotLight feTile feTurbulence""".split()  # noqa: SIM905 (read as words)
)
_INSIDE: Final = re.compile(r"\s*(?:#|data:image/(?:png|jpeg|gif|webp);base64,)", re.IGNORECASE)
_LEADS_OUT: Final = re.compile(
    r"(?i)url\(\s*['\"]?(?!\s*['\"]?#)|@import|javascript:|expression\s*\(|-moz-binding|behaviou?r\s*:"
)


class Refusal(NamedTuple):
    """Why an image is not shown."""

    message: str
    """What is wrong."""

    help: str
    """What to do."""


def image_file(name: str, data: bytes) -> ImageFile | Refusal:
    """The image in a file, if it is what its name says and nothing in it runs."""
    stated = SUFFIXES.get(name.rpartition(".")[2].lower())
    actual = _type(data)
    if actual is None:
        return Refusal(
            f"'{name}' is not an image by what is in it",
            f"images are {', '.join(sorted({s.upper() for s in SUFFIXES} - {'JPEG'}))}",
        )
    if stated != actual:
        kind = actual.removeprefix("image/").removesuffix("+xml")
        return Refusal(
            f"'{name}' is a {kind.upper()} image by what is in it",
            f"name it '{name.rpartition('.')[0] or name}.{kind.replace('jpeg', 'jpg')}'",
        )
    if actual == SUFFIXES["svg"] and (reason := _active(data)) is not None:
        return Refusal(
            f"'{name}' {reason}", "export it as plain SVG, without scripts and links, or as PNG"
        )
    return ImageFile(name, actual, data)


def _type(data: bytes) -> str | None:
    for start, kind in _STARTS:
        if start.match(data):
            return kind
    return SUFFIXES["svg"] if _SVG_START.match(data) else None


def _active(data: bytes) -> str | None:
    """What in an SVG could run, move or lead out of it, as the rest of a sentence."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # before a parser reads what it declares
        return "has a DOCTYPE"
    reader = _SvgReader()
    try:
        reader.parse(data)
    except expat.ExpatError as error:
        return f"is not well-formed XML (line {error.lineno})"
    except (LookupError, ValueError):
        return "has an encoding that is not known"
    return reader.reason


class _SvgReader:
    """Reads an SVG, up to the first thing in it that is refused."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._open: list[str] = []

    def parse(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.buffer_text = True
        parser.ProcessingInstructionHandler = lambda target, _: self._refuse(
            f"has a processing instruction ('{target}')"
        )
        parser.Parse(data, True)

    def _refuse(self, reason: str) -> None:
        self.reason = self.reason or reason

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self._open and (namespace, local) != (_SVG, "svg"):
            self._refuse("is not an SVG image by what is in it")
        if namespace == _SVG and local not in _STILL:
            self._refuse(f"has a '{local}', which can run, move or hold other content")
        elif namespace != _SVG and not namespace.startswith(_NOTES):
            self._refuse(f"has a '{local}', which does not belong to SVG")
        self._open.append(local)
        for key, value in attributes.items():
            self._attribute(key.rpartition(" ")[2], value, is_drawn=namespace == _SVG)

    def _attribute(self, name: str, value: str, *, is_drawn: bool) -> None:
        if name.startswith("on"):
            self._refuse(f"has an action ('{name}')")
        elif (is_drawn and name in ("href", "src") and not _INSIDE.match(value)) or (
            is_drawn and _leads_out(value)
        ):
            self._refuse(f"leads out of the file ('{value[:40]}')")

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if self._open[-1:] == ["style"] and (_leads_out(text) or "\\" in text):
            self._refuse("has a style that leads out of the file")


def _leads_out(value: str) -> bool:
    # comments and escapes of CSS can hide what an address is
    plain = re.sub(r"/\*.*?\*/", "", value, flags=re.DOTALL)
    return _LEADS_OUT.search(plain) is not None or ("\\" in value and "(" in value)
