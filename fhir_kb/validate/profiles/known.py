"""The profiles that can be checked against: found, given a snapshot, and kept as trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages import core_profiles
from fhir_kb.packages.snapshots import SnapshotError, snapshot
from fhir_kb.packages.snapshots.elements import profiles_of
from fhir_kb.validate.profiles.tree import FHIR, BrokenProfileError, Tree, mark_idle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.profiles.codes import Codes
    from fhir_kb.validate.profiles.tree import Node

_MOST = 2000


class KnownProfiles:
    """Trees of profiles by canonical url; each is made when it is first asked for.

    canonicals: where StructureDefinitions are looked up. codes: what is known of value sets.
    """

    def __init__(self, definitions: Definitions, canonicals: Canonicals, codes: Codes) -> None:
        self.definitions = definitions
        self.canonicals = canonicals
        self.codes = codes
        self._contained: dict[str, Mapping[str, Any]] = {}
        self._types: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._trees: dict[str, Tree | BrokenProfileError | None] = {}

    def tree(self, canonical: str) -> Tree | None:
        """The profile with that url ("url" or "url|version"), or None where it is not known.

        Raises BrokenProfileError where its definition is of no use.
        """
        if canonical not in self._trees:
            if len(self._trees) >= _MOST:
                self._trees.clear()
            self._trees[canonical] = self._make(canonical)
        found = self._trees[canonical]
        if isinstance(found, BrokenProfileError):
            raise found
        return found

    def within(self, tree: Tree, canonical: str) -> str:
        """The url to ask by for a profile that a definition names, be it one it contains ("#a")."""
        if not canonical.startswith("#"):
            return canonical
        url = tree.url + canonical
        contained = tree.structure.get("contained")
        for one in contained if isinstance(contained, list) else ():
            if isinstance(one, dict) and one.get("id") == canonical[1:]:
                self._contained[url] = one
        return url

    def type_of(self, canonical: str) -> str | None:
        """The type that a profile is one of, or that the url itself means; None where unknown."""
        name = canonical.partition("|")[0].removeprefix(FHIR)
        if name in self.definitions:
            return name
        found = self._find(canonical)
        kind = found.get("type") if found is not None else None
        return kind.removeprefix(FHIR) if isinstance(kind, str) else None

    def is_core_type(self, canonical: str) -> bool:
        """Whether the url is that of a type of FHIR itself, which is checked anyway."""
        return canonical.partition("|")[0].removeprefix(FHIR) in self.definitions

    def _make(self, canonical: str) -> Tree | BrokenProfileError | None:
        found = self._find(canonical)
        if found is None:
            return None
        try:
            tree = Tree(self._whole(found), self.definitions)
        except BrokenProfileError as error:
            return error
        except SnapshotError as error:
            return BrokenProfileError(f"no snapshot can be made of {canonical}: {error}")
        for child in tree.root.children.values():
            mark_idle(child, self._of_type(tree.type))
        return tree

    def _of_type(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """The elements of a type of FHIR's own by path; none of any other."""
        if name not in self._types:
            own = core_profiles(self.definitions.fhir_version).find(FHIR + name)
            snapshot_ = own.get("snapshot", {}) if own is not None else {}
            self._types[name] = {str(one["path"]): one for one in snapshot_.get("element", ())}
        return self._types[name]

    def _find(self, canonical: str) -> Mapping[str, Any] | None:
        found = self._contained.get(canonical)
        return found or self.canonicals.find(canonical, "StructureDefinition")

    def _whole(self, structure: Mapping[str, Any]) -> Mapping[str, Any]:
        # A differential says more surely than an old snapshot what is meant, but many that are
        # published have a snapshot only.
        if structure.get("snapshot"):
            return structure
        return snapshot(structure, self.canonicals, forgiving=True)


def count_of_type(definitions: Definitions, node: Node, parent: FhirType) -> tuple[int, int | None]:
    """How often the element occurs at least and at most in values of the type, by the type."""
    key = ("count", parent.path)
    found: tuple[int, int | None] | None = node.kept.get(key)
    if found is None:
        found = node.kept[key] = _count_of_type(definitions, node.name, parent)
    return found


def _count_of_type(definitions: Definitions, name: str, parent: FhirType) -> tuple[int, int | None]:
    if parent.is_open or (parent.path.partition(".")[0] not in definitions):
        return 0, None
    for known in definitions.properties(parent.path).values():
        if known.element is not None and known.element.name == name:
            return known.element.min, known.element.max
    return 0, None


def referred_to(node: Node) -> Node:
    """The element whose content this one repeats (contentReference), or itself."""
    written = node.definition.get("contentReference")
    if not isinstance(written, str) or node.children:
        return node
    return node.tree.at(written.rpartition("#")[2]) or node


def type_profiles(known: KnownProfiles, node: Node, kind: FhirType) -> list[str]:
    """The profiles of which a value of the type has to conform to one; none: it need not."""
    key = ("profiles", kind.path)
    found: list[str] | None = node.kept.get(key)
    if found is None:
        found = node.kept[key] = _type_profiles(known, node, kind)
    return found


def _type_profiles(known: KnownProfiles, node: Node, kind: FhirType) -> list[str]:
    fitting = [profiles_of(one) for one in node.types if is_of(str(one.get("code")), kind)]
    if not all(fitting):
        return []
    urls = [known.within(node.tree, url) for some in fitting for url in some]
    # A type of FHIR is what the value is checked against anyway.
    return [
        url for url in urls if not (known.is_core_type(url) and known.type_of(url) in kind.names)
    ]


def is_of(code: str, kind: FhirType) -> bool:
    """Whether a type code of a definition allows values of a type.

    A data type is just that type (a code is no string here); a resource may be of a subtype.
    """
    name = code.rpartition("/")[2]
    if name in (kind.name, kind.path) or name in ("Element", "BackboneElement", "*"):
        return True
    return name in kind.names and (kind.is_resource or name in kind.schema.model.abstract_types)
