"""One value by a profile: fixed values, patterns, ranges, lengths.

http://hl7.org/fhir/elementdefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathError
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.datatypes.fixed_values import equal
from fhir_kb.validate.finding_codes import PROFILE_NOT_CHECKED, PROFILE_RANGE, PROFILE_VALUE
from fhir_kb.validate.profiles.constraints.values import (
    ALLOWED_BESIDE_FIXED,
    LIMITS,
    choice_value,
    fixed_and_pattern,
    has_value_constraints,
    matches_fixed,
    max_length,
    min_length,
)
from fhir_kb.validate.profiles.locations import path_steps, report_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode


def check_value(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """What is wrong with a value by itself."""
    if not has_value_constraints(node):
        return []
    findings: list[Finding] = []
    for expected, is_pattern in fixed_and_pattern(node.definition):
        findings += _check_fixed(node, element, expected, is_pattern=is_pattern)
    return findings + list(_check_range(run, node, element)) + list(_check_length(node, element))


def _check_fixed(
    node: ProfileNode, element: Element, expected: Any, *, is_pattern: bool
) -> Iterator[Finding]:
    profile = node.tree.name
    for steps, message in _differences(element.value, expected, (), is_pattern):
        findings = under(report(PROFILE_VALUE, f"{message} in {profile}"), *steps)
        findings[0].path_steps.extend(path_steps(element))
        yield from findings


def _differences(
    value: Any, expected: Any, steps: tuple[str | int, ...], is_pattern: bool
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a value differs from a fixed value or pattern: path from there, and a message."""
    if isinstance(expected, dict) and isinstance(value, dict):
        yield from _object_differences(value, expected, steps, is_pattern)
    elif isinstance(expected, list) and isinstance(value, list):
        yield from _list_differences(value, expected, steps, is_pattern)
    elif value is None:
        yield steps, f"there must be {quoted(expected)}; it is fixed"
    elif not equal(value, expected):
        yield steps, f"the value must be {quoted(expected)}, not {quoted(value)}; it is fixed"


def _object_differences(
    value: Mapping[str, Any],
    expected: Mapping[str, Any],
    steps: tuple[str | int, ...],
    is_pattern: bool,
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name, part in expected.items():
        if name not in value:
            yield (*steps, name), f"'{name}' is missing; {quoted(part)} is fixed"
        else:
            yield from _differences(value[name], part, (*steps, name), is_pattern)
    if not is_pattern:
        for name in value:
            if name not in expected and name not in ALLOWED_BESIDE_FIXED:
                yield (*steps, name), f"'{name}' must not be there; the value is fixed without it"


def _list_differences(
    value: list[Any], expected: list[Any], steps: tuple[str | int, ...], is_pattern: bool
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not is_pattern:
        if len(value) != len(expected):
            yield steps, f"there must be {len(expected)} of it, not {len(value)}; that is fixed"
            return
        for index, (item, part) in enumerate(zip(value, expected, strict=True)):
            yield from _differences(item, part, (*steps, index), is_pattern)
        return
    for part in expected:
        if any(matches_fixed(item, part, is_pattern=True) for item in value):
            continue
        if len(value) == 1:
            yield from _differences(value[0], part, (*steps, 0), is_pattern)
        else:
            yield steps, f"none of the values contains {quoted(part)}; that is fixed"


def _check_range(run: ProfileRun, node: ProfileNode, element: Element) -> Iterator[Finding]:
    """Check minValue and maxValue, with UCUM conversion of quantities."""
    for limit in LIMITS:
        bound = choice_value(node.definition, limit.name)
        if bound is None or element.value is None:
            continue
        schema = element.type.schema
        prefix = limit.name
        key = next(key for key in node.definition if key.startswith(prefix) and key != prefix)
        type_ = schema.type(_type_name(key.removeprefix(prefix), schema.model.primitive_types))
        test = run.repository.compile(f"%value {limit.operator} %limit")
        variables = {"value": element, "limit": type(element)(bound, type_)}
        try:
            result = test(None, variables=variables)
        except FHIRPathError:
            continue  # not comparable; a wrong type is reported elsewhere
        if not result:
            message = f"not checked: whether {_value_text(element.value)} is {limit.relation} "
            message += f"{_value_text(bound)}, a limit of {node.tree.name}"
            yield from report_at(element, PROFILE_NOT_CHECKED, message)
        elif result == [True]:
            yield from report_at(
                element,
                PROFILE_RANGE,
                f"the value {_value_text(element.value)} is {limit.relation} {_value_text(bound)}, "
                f"the {limit.superlative} that {node.tree.name} allows",
            )


def _type_name(suffix: str, primitives: Any) -> str:
    plain = suffix[:1].lower() + suffix[1:]
    return plain if plain in primitives else suffix


def _value_text(value: Any) -> str:
    if isinstance(value, dict):
        unit = value.get("code") or value.get("unit") or ""
        return f"{value.get('value')} {unit}".strip()
    return quoted(value)


def _check_length(node: ProfileNode, element: Element) -> Iterator[Finding]:
    if not isinstance(element.value, str):
        return
    length = len(element.value)
    longest, shortest = max_length(node.definition), min_length(node.definition)
    if longest is not None and length > longest:
        message = f"the text has {length} characters; {node.tree.name} allows {longest}"
        message_id = "Type_Specific_Checks_DT_Primitive_Length"
        yield from report_at(element, PROFILE_RANGE, message, None, message_id)
    if shortest is not None and length < shortest:
        message = f"the text has {length} characters; {node.tree.name} asks for {shortest} at least"
        yield from report_at(element, PROFILE_RANGE, message)
