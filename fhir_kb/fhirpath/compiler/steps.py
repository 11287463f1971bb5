"""The steps of a path, and how function calls become steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.diagnostics import nearest
from fhir_kb.fhirpath.compiler.fragment import Fragment
from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Element, Item
from fhir_kb.fhirpath.evaluation.scope import Scope
from fhir_kb.fhirpath.functions.filtering import Key
from fhir_kb.fhirpath.syntax import nodes
from fhir_kb.fhirpath.types.static_types import Types, slots_of, system
from fhir_kb.fhirpath.values.system import Quantity, TypeInfo

if TYPE_CHECKING:
    from fhir_kb.fhirpath.functions import Function

Step: TypeAlias = Callable[[Scope, list[Item]], list[Item]]


def after(code: Fragment, step: Step, types: Types, place: nodes.Place) -> Fragment:
    """The code, and then a step; an error of the step gets its place."""
    run = code.run
    line, column = place.line, place.column

    def placed(scope: Scope) -> list[Item]:
        items = run(scope)
        try:
            return step(scope, items)
        except FHIRPathError as error:
            error.at(line, column)
            raise

    return Fragment(placed, types, ordered=code.ordered)


def call_step(function: Function, node: nodes.Call, arguments: tuple[Fragment, ...]) -> Step:
    """The step that calls the function with its arguments."""
    implementation = function.run
    if not arguments:
        return implementation
    runs = [argument.run for argument in arguments]
    lazy = [function.is_lazy(position) for position in range(len(runs))]
    if node.name == "sort":
        keys = [Key(*key) for key in zip(runs, *_directions(node), strict=True)]
        return lambda scope, items: implementation(scope, items, *keys)
    if all(lazy):
        return lambda scope, items: implementation(scope, items, *runs)
    if len(runs) == 1:
        only = runs[0]
        return lambda scope, items: implementation(scope, items, only(scope))

    def step(scope: Scope, items: list[Item]) -> list[Item]:
        values = [run if is_lazy else run(scope) for run, is_lazy in zip(runs, lazy, strict=True)]
        return implementation(scope, items, *values)

    return step


def _directions(node: nodes.Call) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """For each key of sort() whether it is followed by `desc`, and whether it is negated."""
    negated = tuple(isinstance(key, nodes.Unary) and key.operator == "-" for key in node.arguments)
    return node.descending, negated


def result_types(function: Function, code: Fragment, arguments: tuple[Fragment, ...]) -> Types:
    """The types of a function's result."""
    match function.returns:
        case "=":
            return code.types
        case "0":
            return arguments[0].types
        case "":
            return None
    return system(function.returns)


def json_children(element: Element, name: str) -> list[Item]:
    """The children of that name, which may also be `valueQuantity`."""
    slots = slots_of(element.type, name, json_names=True)
    keys = {slot.key for slot in slots}
    children = element.children(name)
    if children or not slots:
        return list(children)
    return [
        child
        for child in element.all_children()
        if f"{child.name}{child.type.name[:1].upper()}{child.type.name[1:]}" in keys
    ]


def system_member(item: Item, name: str) -> list[Item]:
    """The members of a System value: the value and unit of a Quantity, the name of a type."""
    if isinstance(item, TypeInfo):
        value = {"name": item.name, "namespace": item.namespace, "baseType": item.base}.get(name)
        return [value] if value else EMPTY
    if isinstance(item, Quantity):
        if name == "value":
            return [item.value]
        return [item.unit] if name in ("unit", "code") else EMPTY
    return EMPTY


def hint(name: str, names: frozenset[str]) -> str:
    """A suggestion of the name that was probably meant, as the end of a message."""
    suggestion = nearest(name, names)
    return f"; did you mean '{suggestion}'?" if suggestion else ""


def argument_count(function: Function) -> str:
    """How many arguments a function takes, in words."""
    if function.variadic:
        return f"at least {function.least} arguments"
    if function.least == function.most:
        return {0: "no arguments", 1: "one argument"}.get(
            function.most, f"{function.most} arguments"
        )
    return f"{function.least} to {function.most} arguments"
