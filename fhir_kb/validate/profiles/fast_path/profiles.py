"""Profiles compiled to fast checks of plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath.types.schema import schema_of
from fhir_kb.validate.profiles.constraints.narratives import constrains_narrative
from fhir_kb.validate.profiles.constraints.types import allows_type, content_node, type_profiles
from fhir_kb.validate.profiles.fast_path.fast_check import conjunction, undecided
from fhir_kb.validate.profiles.fast_path.objects import ObjectCheck, may_be_absent
from fhir_kb.validate.profiles.fast_path.value_checks import (
    binding_check,
    invariant_checks,
    reference_check,
    value_check,
)
from fhir_kb.validate.profiles.tree import BrokenProfileError

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.validate.profiles.fast_path.fast_check import FastCheck
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode

#: How deep profiles and content references may nest before the walk is taken.
_MAX_DEPTH: Final = 20
_MAX_CHECKS: Final = 2000


class ProfileFastPath:
    """Fast checks of values by profiles; each is compiled when it is first needed."""

    def __init__(self, repository: ProfileRepository, *, is_bundled: bool) -> None:
        """Set up the fast path.

        Args:
            repository: of the profiles.
            is_bundled: whether the values are in a bundle, where references lead to other entries.
        """
        self._repository = repository
        self._is_bundled = is_bundled
        self._schema = schema_of(repository.definitions)
        self._checks: dict[tuple[str, str], FastCheck] = {}

    def conforms(self, value: Any, type_name: str, canonical: str) -> bool:
        """Whether a value of the type (its JSON) certainly conforms to the profile."""
        check = self._checks.get((type_name, canonical))
        if check is None:
            check = self._profile_check(canonical, self._schema.type(type_name))
        return check(value, _MAX_DEPTH)

    def child_conforms(self, node: ProfileNode, element: Element, name: str) -> bool:
        """Whether the children of that name of an element certainly conform to the node's."""
        value = element.value
        if not self._repository.fast_paths:
            return False
        if element.type.system or element.type.is_open or not isinstance(value, dict):
            return False
        return self._object_check(node, element.type).child_conforms(value, name, _MAX_DEPTH)

    def _profile_check(self, canonical: str, type_: FhirType) -> FastCheck:
        key = (type_.path, canonical)
        check = self._checks.get(key)
        if check is None:
            if len(self._checks) >= _MAX_CHECKS:
                self._checks.clear()
            check = self._checks[key] = self._compile_profile(canonical, type_)
        return check

    def _compile_profile(self, canonical: str, type_: FhirType) -> FastCheck:
        if not self._repository.fast_paths:
            return undecided
        try:
            tree = self._repository.tree(canonical)
        except BrokenProfileError:
            return undecided
        if tree is None or tree.type not in type_.names or tree.imposed_profiles():
            return undecided
        if type_profiles(self._repository, tree.root, type_):
            return undecided  # profiles of the same value could lead back to this one
        return self._compile_node(tree.root, type_)

    def _compile_node(self, node: ProfileNode, type_: FhirType) -> FastCheck:
        """The check of one value of a type by an element, and of all that is in it."""
        codes = node.type_codes
        if type_.is_open or (codes and not any(allows_type(code, type_) for code in codes)):
            return undecided
        if type_.name == "Narrative" and constrains_narrative(node):
            return undecided
        repository = self._repository
        checks = [
            value_check(node),
            binding_check(repository, node, type_),
            reference_check(repository, node, type_, is_bundled=self._is_bundled),
            self._type_profile_check(node, type_),
            self._primitive_check(node, type_)
            if type_.system
            else self._content_check(node, type_),
        ]
        invariants = invariant_checks(repository, node, type_)
        return conjunction([*(check for check in checks if check is not None), *invariants])

    def _type_profile_check(self, node: ProfileNode, type_: FhirType) -> FastCheck | None:
        urls = type_profiles(self._repository, node, type_)
        if not urls:
            return None
        if len(urls) > 1:
            return undecided
        compiled: list[FastCheck] = []

        def check(value: Any, depth_left: int) -> bool:
            # Compiled late, for profiles may lead back to each other.
            if not compiled:
                compiled.append(self._profile_check(urls[0], type_))
            return depth_left > 0 and compiled[0](value, depth_left - 1)

        return check

    def _primitive_check(self, node: ProfileNode, type_: FhirType) -> FastCheck | None:
        """The check of primitives, which have no `_x` beside them here."""
        children = node.children.values()
        is_fine = all(may_be_absent(self._repository, child, type_) for child in children)
        return None if is_fine else undecided

    def _content_check(self, node: ProfileNode, type_: FhirType) -> FastCheck:
        content = content_node(node)
        if content is node:
            return self._object_check(node, type_).check
        compiled: list[FastCheck] = []

        def check(value: Any, depth_left: int) -> bool:
            # Compiled late, for an element may repeat one that is around it.
            if not compiled:
                compiled.append(self._object_check(content, type_).check)
            return depth_left > 0 and compiled[0](value, depth_left - 1)

        return check

    def _object_check(self, node: ProfileNode, type_: FhirType) -> ObjectCheck:
        key = ("object check in a bundle" if self._is_bundled else "object check", type_.path)
        check: ObjectCheck | None = node.cache.get(key)
        if check is None:
            check = ObjectCheck(self._repository, node, type_, self._compile_node)
            node.cache[key] = check
        return check
