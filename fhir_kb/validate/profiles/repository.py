"""The profiles that can be checked against: looked up, given a snapshot, kept as trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import compile_expression
from fhir_kb.packages import core_profiles
from fhir_kb.packages.canonicals import is_version
from fhir_kb.packages.snapshots import SnapshotError, snapshot
from fhir_kb.validate.profiles.tree import CORE_URL, BrokenProfileError, ProfileTree
from fhir_kb.validate.profiles.unconstrained import mark_unconstrained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import Compiled
    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.terminology.coded_values import CodedValues

_MAX_TREES: Final = 2000


class ProfileRepository:
    """Trees of profiles by canonical URL; each is built when it is first needed."""

    def __init__(
        self,
        definitions: Definitions,
        canonicals: Canonicals,
        coded_values: CodedValues,
        *,
        fast_paths: bool = True,
    ) -> None:
        """Set up the repository; nothing is read yet.

        Args:
            definitions: of the FHIR release.
            canonicals: where StructureDefinitions are looked up.
            coded_values: decides whether a coded value is in a value set.
            fast_paths: see Validator.
        """
        self.definitions = definitions
        self.canonicals = canonicals
        self.coded_values = coded_values
        self.fast_paths = fast_paths
        self._contained: dict[str, Mapping[str, Any]] = {}
        self._types: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._trees: dict[str, ProfileTree | BrokenProfileError | None] = {}

    def tree(self, canonical: str) -> ProfileTree | None:
        """The profile with that URL ("url" or "url|version"), or None if it is not available.

        Raises BrokenProfileError where its definition cannot be used.
        """
        if canonical not in self._trees:
            if len(self._trees) >= _MAX_TREES:
                self._trees.clear()
            self._trees[canonical] = self._build(canonical)
        tree = self._trees[canonical]
        if isinstance(tree, BrokenProfileError):
            raise tree
        return tree

    def compile(self, expression: str) -> Compiled:
        """A FHIRPath expression of a profile. Raises FHIRPathError."""
        return compile_expression(expression, self.definitions, fast_paths=self.fast_paths)

    def canonical_in(self, tree: ProfileTree, canonical: str) -> str:
        """The key for `tree` of a profile that a profile names, perhaps a contained one ("#a")."""
        if not canonical.startswith("#"):
            return canonical
        url = tree.url + canonical
        contained = tree.structure.get("contained")
        for resource in contained if isinstance(contained, list) else ():
            if isinstance(resource, dict) and resource.get("id") == canonical[1:]:
                self._contained[url] = resource
        return url

    def member_of(self, tree: ProfileTree, coded: Any, type_: str, value_set: str) -> bool | None:
        """Whether a coded value is in a value set that a profile names, perhaps a contained one.

        Args:
            tree: The profile.
            coded: The value, as JSON has it.
            type_: The name of its type.
            value_set: "url", "url|version", or "#id" of a ValueSet in the profile.

        Returns:
            None where that is not decidable.
        """
        if not value_set.startswith("#"):
            return self.coded_values.member_of(coded, type_, value_set)
        contained = tree.structure.get("contained")
        for resource in contained if isinstance(contained, list) else ():
            if isinstance(resource, dict) and resource.get("id") == value_set[1:]:
                is_value_set = resource.get("resourceType") == "ValueSet"
                return self.coded_values.member_of_given(coded, resource) if is_value_set else None
        return None

    def type_of(self, canonical: str) -> str | None:
        """The type that a profile constrains, or that the URL itself names; None if unknown."""
        name = canonical.partition("|")[0].removeprefix(CORE_URL)
        if name in self.definitions:
            return name
        structure = self._find(canonical)
        type_name = structure.get("type") if structure is not None else None
        return type_name.removeprefix(CORE_URL) if isinstance(type_name, str) else None

    def is_core_type(self, canonical: str) -> bool:
        """Whether the URL is that of a type of FHIR itself, which is checked anyway."""
        url, _, version = canonical.partition("|")
        if version and not is_version(self.definitions.fhir_version, version):
            return False
        return url.removeprefix(CORE_URL) in self.definitions

    def _build(self, canonical: str) -> ProfileTree | BrokenProfileError | None:
        structure = self._find(canonical)
        if structure is None:
            return None
        try:
            tree = ProfileTree(self._with_snapshot(structure), self.definitions)
        except BrokenProfileError as error:
            return error
        except SnapshotError as error:
            return BrokenProfileError(f"no snapshot can be made of {canonical}: {error}")
        for child in tree.root.children.values():
            mark_unconstrained(child, self._type_elements(tree.type))
        return tree

    def _type_elements(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """The elements of a type of FHIR's own by path; of any other type none."""
        if name not in self._types:
            own = core_profiles(self.definitions.fhir_version).find(CORE_URL + name)
            own_snapshot = own.get("snapshot", {}) if own is not None else {}
            elements = own_snapshot.get("element", ())
            self._types[name] = {str(element["path"]): element for element in elements}
        return self._types[name]

    def _find(self, canonical: str) -> Mapping[str, Any] | None:
        contained = self._contained.get(canonical)
        return contained or self.canonicals.find(canonical, "StructureDefinition")

    def _with_snapshot(self, structure: Mapping[str, Any]) -> Mapping[str, Any]:
        # A differential is more reliable than an old snapshot, but many published profiles have a
        # snapshot only.
        if structure.get("snapshot"):
            return structure
        return snapshot(structure, self.canonicals, lenient=True)
