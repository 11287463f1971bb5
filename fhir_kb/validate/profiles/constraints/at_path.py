"""The constraints that a slice has at the path of a discriminator.

http://hl7.org/fhir/profiling.html#discriminator
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from fhir_kb.packages.snapshots.elements import profiles_of
from fhir_kb.validate.profiles.constraints.discriminators import path_steps
from fhir_kb.validate.profiles.constraints.references import target_profiles
from fhir_kb.validate.profiles.constraints.values import choice_value, has_fixed_value
from fhir_kb.validate.profiles.tree import BrokenProfileError, ProfileNode

if TYPE_CHECKING:
    from fhir_kb.validate.profiles.constraints.discriminators import Discriminator, PathStep
    from fhir_kb.validate.profiles.repository import ProfileRepository


class SliceTarget(NamedTuple):
    """The target of a reference in a slice."""

    profiles: list[str]
    """Of these it has to conform to one; none: any target is allowed."""


Constraint: TypeAlias = "ProfileNode | SliceTarget"


def constraints_at(
    repository: ProfileRepository, node: ProfileNode, discriminator: Discriminator
) -> list[Constraint]:
    """The definitions that the path of a discriminator leads to from a slice.

    There are several where an element on the path is sliced again.
    """
    key = ("constraints at", f"{discriminator.type} {discriminator.path}")
    constraints: list[Constraint] | None = node.cache.get(key)
    if constraints is None:
        constraints = node.cache[key] = _constraints_at(repository, node, discriminator)
    return constraints


def _constraints_at(
    repository: ProfileRepository, node: ProfileNode, discriminator: Discriminator
) -> list[Constraint]:
    constraints: list[Constraint] = [node]
    for step in path_steps(discriminator.path):
        constraints = [
            inner
            for constraint in constraints
            for inner in _after_step(repository, constraint, step)
        ]
    if discriminator.type == "type":
        return [inner for constraint in constraints for inner in _type_slices(constraint)]
    return constraints


def _after_step(
    repository: ProfileRepository, constraint: Constraint, step: PathStep
) -> list[Constraint]:
    if step.extension_url:
        return _extensions(repository, constraint, step.extension_url)
    if step.type_name:
        return _of_type(constraint, step.type_name)
    if step.name:
        return _children(repository, constraint, step.name)
    if isinstance(constraint, SliceTarget):
        return []
    urls = target_profiles(constraint.types)
    return [SliceTarget([repository.canonical_in(constraint.tree, url) for url in urls])]


def _type_slices(constraint: Constraint) -> list[Constraint]:
    """The slices of a choice by type, if there are any: they replace the choice itself."""
    if isinstance(constraint, ProfileNode) and constraint.slices:
        return list(constraint.slices)
    return [constraint]


def _children(repository: ProfileRepository, constraint: Constraint, name: str) -> list[Constraint]:
    if isinstance(constraint, ProfileNode):
        if (inner := _inside_fixed(constraint, name)) is not None:
            return [inner]
        if name == "url" and (urls := _extension_urls(constraint)):
            return urls
    children: list[Constraint] = []
    for parent in _parents(repository, constraint, name):
        child = parent.children[name]
        slices = [slice_ for slice_ in child.all_slices() if has_fixed_value(slice_) or slice_.min]
        children += slices if slices and not has_fixed_value(child) else [child]
    return children


def _inside_fixed(node: ProfileNode, name: str) -> ProfileNode | None:
    """The part of an element's fixed value or pattern for one of its children."""
    for kind in ("fixed", "pattern"):
        expected = choice_value(node.definition, kind)
        if isinstance(expected, dict) and name in expected:
            path = f"{node.definition.get('path')}.{name}"
            return ProfileNode({"path": path, f"{kind}Any": expected[name]}, node.tree, name)
    return None


def _extension_urls(node: ProfileNode) -> list[Constraint]:
    """The url of an extension, which its profile implies even if its definition is missing."""
    urls = [
        url.partition("|")[0]
        for entry in node.types
        if entry.get("code") == "Extension"
        for url in profiles_of(entry)
        if not url.startswith("#")
    ]
    path = f"{node.definition.get('path')}.url"
    return [ProfileNode({"path": path, "fixedUri": url}, node.tree, "url") for url in urls]


def _parents(repository: ProfileRepository, constraint: Constraint, name: str) -> list[ProfileNode]:
    """The nodes with a child of that name: the slice's own, or the roots of its profiles."""
    if isinstance(constraint, SliceTarget):
        urls = constraint.profiles
    elif name in constraint.children:
        return [constraint]
    else:
        urls = [
            repository.canonical_in(constraint.tree, url)
            for entry in constraint.types
            for url in profiles_of(entry)
        ]
    roots = [root for url in urls if (root := _root(repository, url)) is not None]
    return [root for root in roots if name in root.children]


def _root(repository: ProfileRepository, url: str) -> ProfileNode | None:
    try:
        tree = repository.tree(url)
    except BrokenProfileError:
        return None
    return None if tree is None else tree.root


def _of_type(constraint: Constraint, type_name: str) -> list[Constraint]:
    if isinstance(constraint, SliceTarget):
        return [constraint]
    slices = [slice_ for slice_ in constraint.slices if slice_.type_codes == [type_name]]
    if slices:
        return list(slices)
    return [constraint] if type_name in constraint.type_codes else []


def _extensions(
    repository: ProfileRepository, constraint: Constraint, url: str
) -> list[Constraint]:
    extensions: list[Constraint] = []
    for parent in _parents(repository, constraint, "extension"):
        for slice_ in parent.children["extension"].all_slices():
            profiles = [profile for entry in slice_.types for profile in profiles_of(entry)]
            url_node = slice_.children.get("url")
            fixed = choice_value(url_node.definition, "fixed") if url_node else None
            if fixed == url or any(profile.partition("|")[0] == url for profile in profiles):
                extensions.append(slice_)
    return extensions
