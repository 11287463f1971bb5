"""What a profile demands of one value: fixed values, patterns, ranges, lengths.

http://hl7.org/fhir/elementdefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathError, compile_expression
from fhir_kb.validate.codes import PROFILE_RANGE, PROFILE_VALUE
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.datatypes.fixed_values import equal
from fhir_kb.validate.profiles.places import at, trail
from fhir_kb.validate.profiles.tree import never

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node, Sure

_MIN_LENGTH: Final = "http://hl7.org/fhir/StructureDefinition/minLength"
#: How the names of the properties begin that say something of values; minLength is an extension.
_WORDS: Final = ("fixed", "pattern", "minValue", "maxValue", "maxLength", "extension")
_OWN: Final = ("values", "")
#: What may stand in a value beside what is fixed.
_BESIDE: Final = ("id", "extension")
_LIMITS: Final = (("minValue", "<", "less than", "least"), ("maxValue", ">", "more than", "most"))


def check_value(run: Run, node: Node, element: Element) -> list[Finding]:
    """What is wrong with a value by itself."""
    found: list[Finding] = []
    if _says_nothing(node):
        return found
    for word in ("fixed", "pattern"):
        demanded = choice(node.definition, word)
        if demanded is not None:
            found += _demanded(node, element, demanded, is_pattern=word == "pattern")
    return found + list(_range(run, node, element)) + list(_length(node, element))


def is_surely_right(node: Node) -> Sure | None:
    """What tells of a value (its JSON) that an element demands nothing else; see certain.py.

    None where nothing is demanded at all.
    """
    definition = node.definition
    if _says_nothing(node):
        return None
    if any(choice(definition, name) is not None for name, *_ in _LIMITS):
        return never
    tests = [
        (demanded, word == "pattern")
        for word in ("fixed", "pattern")
        if (demanded := choice(definition, word)) is not None
    ]
    longest, shortest = definition.get("maxLength"), _shortest(definition)
    most = longest if isinstance(longest, int) else None
    if not tests and most is None and shortest is None:
        return None

    def test(value: Any, _room: int) -> bool:
        if isinstance(value, str):
            size = len(value)
            if (most is not None and size > most) or (shortest is not None and size < shortest):
                return False
        return all(fits(value, demanded, is_pattern=each) for demanded, each in tests)

    return test


def _says_nothing(node: Node) -> bool:
    """Whether the element demands nothing of its values, as most do."""
    known: bool | None = node.kept.get(_OWN)
    if known is None:
        known = node.kept[_OWN] = not any(key.startswith(_WORDS) for key in node.definition)
    return known


def choice(definition: Mapping[str, Any], name: str) -> Any:
    """The value of a choice such as fixed[x]; None where there is none."""
    for key, value in definition.items():
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return value
    return None


def fits(value: Any, demanded: Any, *, is_pattern: bool) -> bool:
    """Whether a value is what is fixed, or contains what a pattern has."""
    if isinstance(demanded, dict) and isinstance(value, dict):
        for name, one in demanded.items():
            if name not in value or not fits(value[name], one, is_pattern=is_pattern):
                return False
        return is_pattern or all(name in demanded or name in _BESIDE for name in value)
    if isinstance(demanded, list) and isinstance(value, list):
        if is_pattern:
            return all(any(fits(one, each, is_pattern=True) for one in value) for each in demanded)
        return len(value) == len(demanded) and all(
            fits(one, other, is_pattern=False) for one, other in zip(value, demanded, strict=True)
        )
    return value is not None and equal(value, demanded)


def _demanded(
    node: Node, element: Element, demanded: Any, *, is_pattern: bool
) -> Iterator[Finding]:
    profile = node.tree.name
    for steps, message in _differences(element.value, demanded, (), is_pattern):
        found = under(report(PROFILE_VALUE, f"{message} in {profile}"), *steps)
        found[0].path_steps.extend(trail(element))
        yield from found


def _differences(
    value: Any, demanded: Any, steps: tuple[str | int, ...], is_pattern: bool
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a value is not what is demanded: the steps to the place, and what is wrong there."""
    if isinstance(demanded, dict) and isinstance(value, dict):
        yield from _in_object(value, demanded, steps, is_pattern)
    elif isinstance(demanded, list) and isinstance(value, list):
        yield from _in_list(value, demanded, steps, is_pattern)
    elif value is None:
        yield steps, f"there must be {quoted(demanded)}; it is fixed"
    elif not equal(value, demanded):
        yield steps, f"the value must be {quoted(demanded)}, not {quoted(value)}; it is fixed"


def _in_object(
    value: Mapping[str, Any],
    demanded: Mapping[str, Any],
    steps: tuple[str | int, ...],
    is_pattern: bool,
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name, one in demanded.items():
        if name not in value:
            yield (*steps, name), f"'{name}' is missing; {quoted(one)} is fixed"
        else:
            yield from _differences(value[name], one, (*steps, name), is_pattern)
    if not is_pattern:
        for name in value:
            if name not in demanded and name not in _BESIDE:
                yield (*steps, name), f"'{name}' must not be there; the value is fixed without it"


def _in_list(
    value: list[Any], demanded: list[Any], steps: tuple[str | int, ...], is_pattern: bool
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not is_pattern:
        if len(value) != len(demanded):
            yield steps, f"there must be {len(demanded)} of it, not {len(value)}; that is fixed"
            return
        for index, (one, other) in enumerate(zip(value, demanded, strict=True)):
            yield from _differences(one, other, (*steps, index), is_pattern)
        return
    for one in demanded:
        if any(fits(item, one, is_pattern=True) for item in value):
            continue
        if len(value) == 1:
            yield from _differences(value[0], one, (*steps, 0), is_pattern)
        else:
            yield steps, f"none of the values contains {quoted(one)}; that is fixed"


def _range(run: Run, node: Node, element: Element) -> Iterator[Finding]:
    """MinValue and maxValue, with UCUM conversion of quantities."""
    for name, sign, wrong, word in _LIMITS:
        limit = choice(node.definition, name)
        if limit is None or element.value is None:
            continue
        schema = element.type.schema
        key = next(key for key in node.definition if key.startswith(name) and key != name)
        kind = schema.type(_type_name(key.removeprefix(name), schema.model.primitive_types))
        bound = type(element)(limit, kind)
        test = compile_expression(f"%value {sign} %limit", run.known.definitions)
        try:
            answer = test(None, variables={"value": element, "limit": bound})
        except FHIRPathError:
            continue  # not comparable; a wrong type is found elsewhere
        if answer == [True]:
            yield from at(
                element,
                PROFILE_RANGE,
                f"the value {_said(element.value)} is {wrong} {_said(limit)}, the {word} that "
                f"{node.tree.name} allows",
            )


def _type_name(suffix: str, primitives: Any) -> str:
    plain = suffix[:1].lower() + suffix[1:]
    return plain if plain in primitives else suffix


def _said(value: Any) -> str:
    if isinstance(value, dict):
        unit = value.get("code") or value.get("unit") or ""
        return f"{value.get('value')} {unit}".strip()
    return quoted(value)


def _length(node: Node, element: Element) -> Iterator[Finding]:
    if not isinstance(element.value, str):
        return
    longest, shortest = node.definition.get("maxLength"), _shortest(node.definition)
    if isinstance(longest, int) and len(element.value) > longest:
        message = f"the text has {len(element.value)} characters; {node.tree.name} allows {longest}"
        yield from at(
            element, PROFILE_RANGE, message, None, "Type_Specific_Checks_DT_Primitive_Length"
        )
    if shortest is not None and len(element.value) < shortest:
        message = (
            f"the text has {len(element.value)} characters; {node.tree.name} asks for "
            f"{shortest} at least"
        )
        yield from at(element, PROFILE_RANGE, message)


def _shortest(definition: Mapping[str, Any]) -> int | None:
    listed = definition.get("extension")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("url") == _MIN_LENGTH:
            value = one.get("valueInteger")
            return value if isinstance(value, int) else None
    return None
