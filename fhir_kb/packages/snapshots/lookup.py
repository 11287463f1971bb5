"""Where snapshots are taken from: bases, types, profiles of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.tree import Node, planted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.packages.canonicals import Canonicals

_MAX_BASES: Final = 50


class Sources:
    """Definitions with snapshots, by canonical; make: how a snapshot is made that is missing."""

    def __init__(
        self,
        find: Canonicals,
        make: Callable[[Mapping[str, Any], Sources], Mapping[str, Any]],
        *,
        strict: bool = False,
        forgiving: bool = False,
    ) -> None:
        self._find = find
        self._make = make
        self._chain: list[str] = []
        self._made: dict[str, tuple[Mapping[str, Any], Node]] = {}
        self.strict = strict
        self.forgiving = forgiving

    def enter(self, definition: Mapping[str, Any]) -> None:
        """The definition's snapshot is being made. SnapshotError: it already is."""
        # Two types may share a url by mistake: that is no circle.
        url = f"{definition.get('url', '')}#{definition.get('type', '')}"
        if url in self._chain or len(self._chain) >= _MAX_BASES:
            way = " → ".join(one.partition("#")[0] for one in (*self._chain, url))
            raise SnapshotError(f"profiles lead in a circle: {way}", "", "end it with a core type")
        self._chain.append(url)

    def leave(self) -> None:
        """The snapshot that is being made is done, or is given up."""
        self._chain.pop()

    def knows(self, canonical: str) -> bool:
        """Whether there is a definition for the canonical."""
        return self.found(canonical) is not None

    def found(self, canonical: str) -> Mapping[str, Any] | None:
        """The definition as it is, or None."""
        return self._find.find(canonical, "StructureDefinition")

    def definition(self, canonical: str) -> tuple[Mapping[str, Any], Node]:
        """The definition and the tree of its snapshot, which is shared: copy, don't change it.

        SnapshotError: it is not known, is broken, or is being made.
        """
        if canonical not in self._made:
            self._made[canonical] = self._looked_up(canonical)
        return self._made[canonical]

    def _looked_up(self, canonical: str) -> tuple[Mapping[str, Any], Node]:
        found = self.found(canonical)
        if found is None:
            advice = "add the package that defines it"
            raise SnapshotError(f"'{canonical}' is not known", "", advice)
        if found.get("snapshot") is None or _is_old(found):
            found = self._make(found, self)
        if not _is_whole(found["snapshot"]):
            advice = "mend the package that defines it"
            raise SnapshotError(f"the snapshot of '{canonical}' is broken", "", advice)
        return found, planted(found["snapshot"]["element"])


def _is_old(definition: Mapping[str, Any]) -> bool:
    """Whether a snapshot is of before STU3, whose elements had no ids; it is made anew."""
    elements = definition["snapshot"].get("element") if _is_whole(definition["snapshot"]) else []
    return bool(elements) and "differential" in definition and "id" not in elements[-1]


def _is_whole(found: object) -> bool:
    """Whether a snapshot has elements, each with a path."""
    elements = found.get("element") if isinstance(found, dict) else None
    return (
        isinstance(elements, list)
        and all(isinstance(one, dict) and isinstance(one.get("path"), str) for one in elements)
        and bool(elements)
    )
