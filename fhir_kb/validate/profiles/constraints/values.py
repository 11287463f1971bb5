"""Fixed values, patterns, limits and lengths: http://hl7.org/fhir/elementdefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.validate.datatypes.fixed_values import equal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.profiles.tree import ProfileNode

_MIN_LENGTH: Final = "http://hl7.org/fhir/StructureDefinition/minLength"
#: Prefixes of the properties that constrain values; minLength is an extension.
_CONSTRAINING: Final = ("fixed", "pattern", "minValue", "maxValue", "maxLength", "extension")
_HAS_CONSTRAINTS: Final = ("has value constraints", "")
#: Properties that a value may have besides those of a fixed value.
ALLOWED_BESIDE_FIXED: Final = ("id", "extension")


class Limit(NamedTuple):
    """A limit of a value's range."""

    name: str
    operator: str
    relation: str
    superlative: str


LIMITS: Final = (
    Limit("minValue", "<", "less than", "least"),
    Limit("maxValue", ">", "more than", "most"),
)


def has_value_constraints(node: ProfileNode) -> bool:
    """Whether the element constrains its values by themselves; most do not."""
    has_constraints: bool | None = node.cache.get(_HAS_CONSTRAINTS)
    if has_constraints is None:
        has_constraints = any(key.startswith(_CONSTRAINING) for key in node.definition)
        node.cache[_HAS_CONSTRAINTS] = has_constraints
    return has_constraints


def choice_value(definition: Mapping[str, Any], name: str) -> Any:
    """The value of a choice property such as fixed[x]; None if there is none."""
    for key, value in definition.items():
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return value
    return None


def fixed_and_pattern(definition: Mapping[str, Any]) -> list[tuple[Any, bool]]:
    """The fixed value and the pattern of an element, and whether it is the pattern."""
    return [
        (expected, name == "pattern")
        for name in ("fixed", "pattern")
        if (expected := choice_value(definition, name)) is not None
    ]


def matches_fixed(value: Any, expected: Any, *, is_pattern: bool) -> bool:
    """Whether a value equals a fixed value, or contains what a pattern has."""
    if isinstance(expected, dict) and isinstance(value, dict):
        for name, part in expected.items():
            if name not in value or not matches_fixed(value[name], part, is_pattern=is_pattern):
                return False
        return is_pattern or all(name in expected or name in ALLOWED_BESIDE_FIXED for name in value)
    if isinstance(expected, list) and isinstance(value, list):
        if is_pattern:
            return all(
                any(matches_fixed(item, part, is_pattern=True) for item in value)
                for part in expected
            )
        return len(value) == len(expected) and all(
            matches_fixed(item, part, is_pattern=False)
            for item, part in zip(value, expected, strict=True)
        )
    return value is not None and equal(value, expected)


def has_fixed_value(node: ProfileNode) -> bool:
    """Whether the element, or one below it, has a fixed value or a pattern."""
    return bool(fixed_and_pattern(node.definition)) or has_fixed_descendant(node)


def has_fixed_descendant(node: ProfileNode) -> bool:
    """Whether an element below it has a fixed value or a pattern."""
    return any(
        has_fixed_value(inner)
        for child in node.children.values()
        for inner in (child, *child.all_slices())
    )


def max_length(definition: Mapping[str, Any]) -> int | None:
    """The most characters that a text may have."""
    length = definition.get("maxLength")
    return length if isinstance(length, int) else None


def min_length(definition: Mapping[str, Any]) -> int | None:
    """The fewest characters that a text may have (an extension)."""
    listed = definition.get("extension")
    for extension in listed if isinstance(listed, list) else ():
        if isinstance(extension, dict) and extension.get("url") == _MIN_LENGTH:
            length = extension.get("valueInteger")
            return length if isinstance(length, int) else None
    return None
