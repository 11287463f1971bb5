"""The StructureDefinitions that a snapshot builds on: bases, types, profiles of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.tree import SnapshotNode, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.packages.canonicals import Canonicals

_MAX_BASES: Final = 50


class StructureLookup:
    """StructureDefinitions by canonical, as trees of their snapshots."""

    def __init__(
        self,
        canonicals: Canonicals,
        make_snapshot: Callable[[Mapping[str, Any], StructureLookup], Mapping[str, Any]],
        *,
        strict: bool = False,
        lenient: bool = False,
    ) -> None:
        """A look-up.

        Args:
            canonicals: Where StructureDefinitions are found.
            make_snapshot: Makes a missing snapshot.
            strict: Whether profiles of types that cannot be found are errors.
            lenient: Whether elements that the base does not have are ignored.
        """
        self._canonicals = canonicals
        self._make_snapshot = make_snapshot
        self._in_progress: list[str] = []
        self._trees: dict[str, SnapshotNode] = {}
        self.strict = strict
        self.lenient = lenient

    def enter(self, definition: Mapping[str, Any]) -> None:
        """Begin with a definition's snapshot. SnapshotError: it is in progress already."""
        # Two types may share a url by mistake: that is no circle.
        key = f"{definition.get('url', '')}#{definition.get('type', '')}"
        if key in self._in_progress or len(self._in_progress) >= _MAX_BASES:
            circle = " → ".join(url.partition("#")[0] for url in (*self._in_progress, key))
            raise SnapshotError(f"profiles form a circle: {circle}", "", "end it with a core type")
        self._in_progress.append(key)

    def leave(self) -> None:
        """End with the definition that was entered last."""
        self._in_progress.pop()

    def has(self, canonical: str) -> bool:
        """Whether there is a definition for the canonical."""
        return self.find(canonical) is not None

    def find(self, canonical: str) -> Mapping[str, Any] | None:
        """The definition as it is, or None."""
        return self._canonicals.find(canonical, "StructureDefinition")

    def tree(self, canonical: str) -> SnapshotNode:
        """The tree of a definition's snapshot, which is shared: copy, don't change it.

        SnapshotError: there is no such definition, it is broken, or it is in progress.
        """
        if canonical not in self._trees:
            self._trees[canonical] = self._make_tree(canonical)
        return self._trees[canonical]

    def _make_tree(self, canonical: str) -> SnapshotNode:
        definition = self.find(canonical)
        if definition is None:
            help_ = "add the package that defines it"
            raise SnapshotError(f"'{canonical}' is not available", "", help_)
        if definition.get("snapshot") is None or _is_old(definition):
            definition = self._make_snapshot(definition, self)
        if not _is_complete(definition["snapshot"]):
            help_ = "correct the package that defines it"
            raise SnapshotError(f"the snapshot of '{canonical}' is broken", "", help_)
        return tree_of(definition["snapshot"]["element"])


def _is_old(definition: Mapping[str, Any]) -> bool:
    """Whether a snapshot is of before STU3, whose elements had no ids; it is made again."""
    snapshot = definition["snapshot"]
    elements = snapshot.get("element") if _is_complete(snapshot) else []
    return bool(elements) and "differential" in definition and "id" not in elements[-1]


def _is_complete(snapshot: object) -> bool:
    """Whether a snapshot has elements, each with a path."""
    elements = snapshot.get("element") if isinstance(snapshot, dict) else None
    return (
        isinstance(elements, list)
        and all(
            isinstance(element, dict) and isinstance(element.get("path"), str)
            for element in elements
        )
        and bool(elements)
    )
