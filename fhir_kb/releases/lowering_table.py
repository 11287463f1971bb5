"""The facts about a release that lowering goes by, from its generated table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson

if TYPE_CHECKING:
    from pathlib import Path

ValueSpec: TypeAlias = "str | dict[str, list[Any]]"


class KeepingExtension(NamedTuple):
    """An extension that keeps a property.

    spec: the type of its value, or its named parts: property -> [url, spec]; "@type" where an inner
        element repeats another, for which there are no parts.
    context: the element that it may stand on; empty where that is the property's own parent.
    """

    url: str
    spec: ValueSpec
    context: str = ""


class PropertyFate(NamedTuple):
    """What became of an R5 property.

    mark: "=" the same in the release, "~" there but different, "-" not there.
    type: its R5 type ("string", "Quantity", "PlanDefinition.action").
    """

    mark: str
    type: str
    is_array: bool

    @property
    def is_primitive(self) -> bool:
        """Whether its values are JSON strings, numbers or booleans."""
        return self.type[0].islower()

    @property
    def is_there(self) -> bool:
        """Whether the release has the property, if perhaps in another form."""
        return self.mark != "-"


@dataclass(frozen=True, slots=True)
class LoweringTable:
    """See scripts/make_lowering_tables.py for what each part says."""

    kinds: frozenset[str]
    plain: frozenset[str]
    codes: dict[str, frozenset[str]]
    targets: dict[str, frozenset[str]]
    extensions: dict[str, KeepingExtension]
    allowed: dict[str, frozenset[str]]
    misplaced: dict[str, frozenset[str]]
    types: dict[str, dict[str, str]]

    def entry(self, type_path: str, name: str) -> PropertyFate:
        """The entry of a property. Raises KeyError where R5 has none."""
        entry = self.types[type_path][name]
        return PropertyFate(entry[0], entry[1:].rstrip("*"), entry.endswith("*"))


def read_lowering_table(folder: Path) -> LoweringTable:
    """The table in a release's folder."""
    content = orjson.loads((folder / "table.json").read_bytes())
    return LoweringTable(
        kinds=frozenset(content["kinds"]),
        plain=frozenset(content["plain"]),
        codes={path: frozenset(codes) for path, codes in content["codes"].items()},
        targets={path: frozenset(names) for path, names in content["targets"].items()},
        extensions={
            path: KeepingExtension(*entry) for path, entry in content["extensions"].items()
        },
        allowed={path: frozenset(codes) for path, codes in content["allowed"].items()},
        misplaced={url: frozenset(kinds) for url, kinds in content["misplaced"].items()},
        types=content["types"],
    )
