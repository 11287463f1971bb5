"""Fast paths of functions, and of `is`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.fast_path.fast_path import FastPath, Test, Values, needs_full_evaluation
from fhir_kb.fhirpath.fast_path.json_paths import fast_children, fast_if_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.fhirpath.types.schema import FhirType

_CHEAP = 100_000


def fast_call(
    name: str, target: FastPath | None, arguments: tuple[FastPath | None, ...]
) -> FastPath | None:
    """A call of a function on the target; None where it has no fast path."""
    if target is None:
        return None
    if name == "not" and not arguments:
        test = target.as_test()
        return None if test is None else FastPath(test=_not(test))
    if target.values is None:
        return None
    if name == "trace" and arguments:
        return target
    call = None
    if not arguments:
        call = _without_arguments(name, target, target.values)
    elif len(arguments) == 1 and arguments[0] is not None:
        call = _with_argument(name, target, target.values, arguments[0])
    return call or _on_empty_input(name, target, target.values)


_EMPTY_OF_EMPTY = frozenset(
    ("where", "select", "repeat", "resolve", "extension", "descendants", "children", "distinct")
)
_OF_EMPTY: dict[str, bool | None] = {
    "exists": False,
    "all": True,
    "isDistinct": True,
    "matches": None,
    "startsWith": None,
    "endsWith": None,
}


def _on_empty_input(name: str, target: FastPath, values: Values) -> FastPath | None:
    """The result for an empty input, which does not depend on the arguments."""
    if name in _EMPTY_OF_EMPTY:
        return fast_if_empty(target)
    if name not in _OF_EMPTY:
        return None
    result = _OF_EMPTY[name]

    def test(this: Any) -> bool | None:
        if values(this):
            raise needs_full_evaluation()
        return result

    return FastPath(test=test)


def _not(test: Test) -> Test:
    def negated(this: Any) -> bool | None:
        value = test(this)
        return None if value is None else not value

    return negated


def _without_arguments(name: str, target: FastPath, values: Values) -> FastPath | None:
    match name:
        case "exists":
            return FastPath(test=lambda this: bool(values(this)))
        case "empty":
            return FastPath(test=lambda this: not values(this))
        case "count":
            return FastPath(count=lambda this: len(values(this)))
        case "first":
            return FastPath(values=lambda this: values(this)[:1], type=target.type)
        case "hasValue" if target.type is not None:
            return FastPath(test=_has_value(values, is_primitive=bool(target.type.system)))
        case "children" if target.type is not None:
            return FastPath(values=fast_children(values, target.type))
        case "isDistinct" if target.type is not None and target.type.system == "String":
            return FastPath(test=_is_distinct(values))
    return None


def _has_value(values: Values, *, is_primitive: bool) -> Test:
    def test(this: Any) -> bool | None:
        items = values(this)
        return is_primitive and len(items) == 1 and items[0] is not None

    return test


def _is_distinct(values: Values) -> Test:
    def test(this: Any) -> bool | None:
        items = values(this)
        if not all(isinstance(item, str) for item in items):
            raise needs_full_evaluation()
        return len(set(items)) == len(items)

    return test


def _with_argument(
    name: str, target: FastPath, values: Values, argument: FastPath
) -> FastPath | None:
    input_type = target.type
    if name in ("exists", "where", "all") and input_type is not None:
        criteria = argument.as_test()
        return None if criteria is None else _filter(name, values, criteria, input_type)
    if name == "select" and input_type is not None and argument.values is not None:
        projection = argument.values
        return FastPath(
            values=lambda this: [item for value in values(this) for item in projection(value)],
            type=argument.type,
        )
    constant = argument.constant
    if input_type is None or input_type.system != "String":
        return None
    if constant is None or len(constant) != 1:
        return None
    text = constant[0]
    return _text_test(name, values, text) if isinstance(text, str) else None


def _filter(name: str, values: Values, criteria: Test, input_type: FhirType) -> FastPath:
    complex_type = not input_type.system

    def filtered(this: Any) -> list[Any]:
        items = values(this)
        if complex_type and not all(isinstance(item, dict) for item in items):
            raise needs_full_evaluation()
        return [item for item in items if criteria(item) is True]

    if name == "where":
        return FastPath(values=filtered, type=input_type)
    if name == "exists":
        return FastPath(test=lambda this: bool(filtered(this)))
    return FastPath(test=lambda this: len(filtered(this)) == len(values(this)))


_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}


def _text_test(name: str, values: Values, argument: str) -> FastPath | None:
    holds: Callable[[str], bool] | None = None
    if name == "matches":
        holds = _cheap_matcher(argument)
    if name in _TEXT_TESTS:
        compare = _TEXT_TESTS[name]
        holds = lambda text: compare(text, argument)  # noqa: E731 - one of two ways to test
    if holds is None:
        return None

    def test(this: Any) -> bool | None:
        items = values(this)
        if not items:
            return None
        if len(items) > 1 or not isinstance(items[0], str):
            raise needs_full_evaluation()
        return holds(items[0])

    return FastPath(test=test)


def _cheap_matcher(pattern: str) -> Callable[[str], bool]:
    """Matches where that costs little; else hands over to the full evaluation, which counts it."""
    longest = -1  # the length of the longest text so far that costs little

    def matches(text: str) -> bool:
        from fhir_kb.fhirpath import regex

        nonlocal longest
        if len(text) > longest:
            if regex.cost(pattern, len(text)) > _CHEAP:
                raise needs_full_evaluation()
            longest = len(text)
        return regex.matches(pattern, text)

    return matches


def fast_type_test(target: FastPath | None, matches: Callable[[FhirType], bool]) -> FastPath | None:
    """`is`, where the type of the target is known."""
    if target is None or target.values is None or target.type is None or target.type.is_resource:
        return None
    values, is_of_type = target.values, matches(target.type)

    def test(this: Any) -> bool | None:
        items = values(this)
        if len(items) > 1:
            raise FHIRPathExecutionError("'is' needs one item")
        return is_of_type if items else None

    return FastPath(test=test)
