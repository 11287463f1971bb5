"""Which elements of a FHIR release hold links to resources: by its definitions, not by a list.

A link is the string of a Reference, a canonical, uri, url, oid or uuid, the address of a link in
Markdown, or `href` and `src` in narrative: https://hl7.org/fhir/http.html#trules.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final

from fhir_kb.model.fhir_release import BY_NAME, R5
from fhir_kb.packages import definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions


class SiteKind(Enum):
    """What an element with a link is for."""

    REFERENCE = "Reference.reference"
    """It refers to a resource, by whatever address."""
    LOCATOR = "url"
    """It says where something is."""
    IDENTIFIER = "canonical"
    """It names something (canonical, uri, oid, uuid): an absolute URL may be a name only."""
    NARRATIVE = "xhtml"
    MARKDOWN = "markdown"


ANY_RESOURCE: Final = "Resource"
"""The type path of a value whose resourceType says its type."""
_KINDS: Final = {
    "canonical": SiteKind.IDENTIFIER,
    "uri": SiteKind.IDENTIFIER,
    "oid": SiteKind.IDENTIFIER,
    "uuid": SiteKind.IDENTIFIER,
    "url": SiteKind.LOCATOR,
    "xhtml": SiteKind.NARRATIVE,
    "markdown": SiteKind.MARKDOWN,
}


class ReferenceSites:
    """The elements with links of one release; see `reference_sites`."""

    def __init__(self, known: Definitions) -> None:
        self._definitions = known
        self._tables: dict[str, dict[str, SiteKind | str] | None] = {}

    def of(self, type_path: str) -> Mapping[str, SiteKind | str] | None:
        """The properties of a type or inner element that hold links, or lead to some.

        Args:
            type_path: As in `Property.type_path`: "Library", "PlanDefinition.action".

        Returns:
            By JSON property its kind, or the type path of its value; None for a type that the
            release lacks.
        """
        if type_path not in self._tables:
            self._tables[type_path] = self._table(type_path)
        return self._tables[type_path]

    def _table(self, type_path: str) -> dict[str, SiteKind | str] | None:
        known = self._definitions
        if type_path.partition(".")[0] not in known:
            return None
        sites: dict[str, SiteKind | str] = {}
        for name, prop in known.properties(type_path).items():
            type_ = prop.type_path
            if type_path == "Reference" and name == "reference":
                sites[name] = SiteKind.REFERENCE
            elif type_ not in known.primitive_types:
                sites[name] = type_
            elif type_ in _KINDS and not _is_identity(known, type_path, name, type_):
                sites[name] = _KINDS[type_]
        return sites


@cache
def reference_sites(release: str) -> ReferenceSites:
    """The elements with links of a release by name ("r4"); of R5 where we do not know it."""
    return ReferenceSites(definitions(BY_NAME.get(release, R5).version))


def _is_identity(known: Definitions, type_path: str, name: str, type_: str) -> bool:
    """Whether a uri says what the element itself is, and refers to nothing.

    That is the canonical url of a resource, the url of an extension, and the `system` of a code
    or identifier.
    """
    if type_ != "uri":
        return False
    return name == "system" or (
        name == "url" and (type_path in known.resource_types or type_path == "Extension")
    )
