"""The head of a CQL library: its name and version, its model, and what it includes.

https://cql.hl7.org/03-developersguide.html#library; names may be qualified, and be written between
double quotes or backticks. Only these declarations are read; whether the logic is right is not
looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FHIR_HELPERS: Final = "FHIRHelpers"
"""The library of conversions that every engine brings itself."""
FHIR_HELPERS_URL: Final = "http://hl7.org/fhir/uv/cql/Library/FHIRHelpers"
_NAME: Final = r'(?:"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*)'
_STRING: Final = r"'(?:[^'\\]|\\.)*'"
_SKIPPED: Final = re.compile(rf"/\*.*?(?:\*/|\Z)|//[^\n]*|(?P<kept>{_STRING}|{_NAME})", re.DOTALL)
_DECLARATION: Final = re.compile(
    rf"^[ \t]*(?P<kind>library|using|include)\s+(?P<name>{_NAME}(?:\s*\.\s*{_NAME})*)"
    rf"(?:\s+version\s+(?P<version>{_STRING}))?(?:\s+called\s+{_NAME})?",
    re.MULTILINE,
)


class CqlDeclaration(NamedTuple):
    """A declaration of the head: `include FHIRHelpers version '4.0.1'`."""

    name: str
    """What it names, as other libraries write it; the parts of a qualified name with dots."""

    version: str
    """Its version; "" where none is given."""

    line: int
    """The line it begins on, from 1."""

    @property
    def own_name(self) -> str:
        """The name without the namespace that may qualify it."""
        return self.name.rpartition(".")[2]


class CqlHeader(NamedTuple):
    """What the head of a library declares."""

    library: CqlDeclaration | None
    """The library itself; None where it has no name."""

    models: tuple[CqlDeclaration, ...]
    """The data models that it uses: FHIR, as a rule."""

    includes: tuple[CqlDeclaration, ...]
    """The libraries that it includes."""


def is_cql(file: str) -> bool:
    """Whether a file of that name is CQL."""
    return file.casefold().endswith(".cql")


def cql_header(text: str) -> CqlHeader:
    """The head of a CQL library; empty where the text declares nothing."""
    code = _without_comments(text)
    by_kind: dict[str, list[CqlDeclaration]] = {"library": [], "using": [], "include": []}
    for match in _DECLARATION.finditer(code):
        name = ".".join(_unquoted(part) for part in re.findall(_NAME, match["name"]))
        version = _unquoted(match["version"] or "")
        line = code.count("\n", 0, match.start("kind")) + 1
        by_kind[match["kind"]].append(CqlDeclaration(name, version, line))
    libraries = by_kind["library"]
    return CqlHeader(
        libraries[0] if libraries else None, tuple(by_kind["using"]), tuple(by_kind["include"])
    )


def _without_comments(text: str) -> str:
    """The text with spaces for its comments; lines stay where they are."""
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    end = 0
    for match in _SKIPPED.finditer(text):
        yield text[end : match.start()]
        kept = match["kept"]
        if kept:
            yield kept.replace("\n", "\n\0")  # no line of a text begins a declaration
        else:
            yield re.sub(r"[^\n]", " ", match[0])
        end = match.end()
    yield text[end:]


def _unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[:1] in {'"', "`", "'"} else name
