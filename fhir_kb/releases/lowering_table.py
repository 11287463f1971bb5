"""The facts about a release that lowering goes by, from its generated table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson

if TYPE_CHECKING:
    from pathlib import Path

#: The type of an extension's value, or its named parts: property -> [url, spec]; "@type" where an
#: inner element repeats another, for which there are no parts.
ValueSpec: TypeAlias = "str | dict[str, list[Any]]"


class PreservingExtension(NamedTuple):
    """An extension that keeps a property."""

    url: str
    """Its url."""

    spec: ValueSpec
    """What it holds."""

    context: str = ""
    """The element that it may stand on; empty where that is the property's own parent."""


class PropertyFate(NamedTuple):
    """What became of an R5 property."""

    mark: str
    """ "=" the same in the release, "~" there but different, "-" not there."""

    type: str
    """Its R5 type ("string", "Quantity", "PlanDefinition.action")."""

    is_array: bool
    """Whether it is a list in R5."""

    @property
    def is_primitive(self) -> bool:
        """Whether its values are JSON strings, numbers or booleans."""
        return self.type[0].islower()

    @property
    def is_supported(self) -> bool:
        """Whether the release has the property, if perhaps in another form."""
        return self.mark != "-"


@dataclass(frozen=True, slots=True)
class LoweringTable:
    """What a release has of R5; scripts/make_lowering_tables.py makes it."""

    resource_types: frozenset[str]
    """The resource types of the release."""

    identical_types: frozenset[str]
    """Data types that are the same all the way down."""

    missing_codes: dict[str, frozenset[str]]
    """Properties with a required binding -> the R5 codes that the release does not have."""

    reference_targets: dict[str, frozenset[str]]
    """Reference properties with fewer target types than in R5 -> those that remain."""

    extensions: dict[str, PreservingExtension]
    """Property -> the extension that keeps it."""

    allowed_codes: dict[str, frozenset[str]]
    """Property -> the codes that its extension allows, where these are not all of R5's."""

    misplaced_extensions: dict[str, frozenset[str]]
    """Url of an extension -> the types on which the release does not allow it."""

    properties: dict[str, dict[str, str]]
    """R5 type path -> its properties -> mark, type, and "*" for a list; see `property`."""

    def property(self, type_path: str, name: str) -> PropertyFate:
        """What became of a property. Raises KeyError where R5 has none of that name."""
        fate = self.properties[type_path][name]
        return PropertyFate(fate[0], fate[1:].rstrip("*"), fate.endswith("*"))


def read_lowering_table(folder: Path) -> LoweringTable:
    """The table in a release's folder."""
    content = orjson.loads((folder / "table.json").read_bytes())
    return LoweringTable(
        resource_types=frozenset(content["kinds"]),
        identical_types=frozenset(content["plain"]),
        missing_codes=_sets(content["codes"]),
        reference_targets=_sets(content["targets"]),
        extensions={
            path: PreservingExtension(*extension)
            for path, extension in content["extensions"].items()
        },
        allowed_codes=_sets(content["allowed"]),
        misplaced_extensions=_sets(content["misplaced"]),
        properties=content["types"],
    )


def _sets(lists: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(members) for key, members in lists.items()}
