"""Whether and how the constraints of a slice tell its values from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.terminology.three_valued import all_of, any_of
from fhir_kb.validate.profiles.constraints.at_path import SliceTarget, constraints_at
from fhir_kb.validate.profiles.constraints.bindings import required_value_sets
from fhir_kb.validate.profiles.constraints.values import (
    fixed_and_pattern,
    has_fixed_descendant,
    has_fixed_value,
    matches_fixed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.validate.profiles.constraints.at_path import Constraint
    from fhir_kb.validate.profiles.constraints.discriminators import Discriminator
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode

#: Whether the values at a path are those of a slice; None where that is not decidable.
Matcher: TypeAlias = "Callable[[list[Any]], bool | None]"


def is_discriminating(
    repository: ProfileRepository, node: ProfileNode, discriminator: Discriminator
) -> bool:
    """Whether the slice has a constraint that its discriminator can use."""
    if discriminator.type == "position":
        return True
    key = ("discriminating", f"{discriminator.type} {discriminator.path}")
    is_used: bool | None = node.cache.get(key)
    if is_used is None:
        is_used = node.cache[key] = any(
            serves_discriminator(constraint, discriminator.type)
            for constraint in constraints_at(repository, node, discriminator)
        )
    return is_used


def serves_discriminator(constraint: Constraint, discriminator_type: str) -> bool:
    """Whether a discriminator of that type can tell slices apart by the constraint."""
    if isinstance(constraint, SliceTarget):
        return discriminator_type in ("type", "profile") and bool(constraint.profiles)
    if discriminator_type in ("value", "pattern"):
        return _constrains_value(constraint) or constraint.min > 0 or constraint.max == 0
    if discriminator_type == "exists":
        return constraint.min > 0 or constraint.max == 0
    return bool(constraint.types)


def _constrains_value(node: ProfileNode) -> bool:
    """Whether the element is fixed or bound, or one below it is fixed."""
    return (
        bool(fixed_and_pattern(node.definition))
        or bool(required_value_sets(node))
        or has_fixed_descendant(node)
    )


def value_matcher(
    repository: ProfileRepository, node: ProfileNode, discriminator_type: str
) -> Matcher | None:
    """The test whether values at a path are those that an element demands there.

    discriminator_type: value, pattern or exists. None where elements further inside are
    constrained, which only the full walk checks.
    """
    if node.max == 0:
        return lambda values: not values
    if discriminator_type == "exists" or not _constrains_value(node):
        return bool
    if expectations := fixed_and_pattern(node.definition):
        expected, is_pattern = expectations[0]
        return lambda values: any(
            matches_fixed(value, expected, is_pattern=is_pattern) for value in values
        )
    if any(has_fixed_value(child) or child.slices for child in node.children.values()):
        return None
    urls = required_value_sets(node)
    return lambda values: any_of(
        all_of(repository.member_of(node.tree, value, "", url) for url in urls) for value in values
    )
