"""The steps of a path, and small helpers of the compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.diagnostics import nearest
from fhir_kb.fhirpath import nodes
from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.fragments import Code
from fhir_kb.fhirpath.functions.filtering import Key
from fhir_kb.fhirpath.items import EMPTY, Element, Item
from fhir_kb.fhirpath.scope import Scope
from fhir_kb.fhirpath.typing_rules import Types, slots_of, system
from fhir_kb.fhirpath.values import Quantity, TypeInfo

if TYPE_CHECKING:
    from fhir_kb.fhirpath.functions import Function

Step: TypeAlias = Callable[[Scope, list[Item]], list[Item]]


def after(code: Code, step: Step, types: Types, place: nodes.Place) -> Code:
    """The code, and then a step; what goes wrong in the step is placed there."""
    run = code.run
    line, column = place.line, place.column

    def placed(scope: Scope) -> list[Item]:
        items = run(scope)
        try:
            return step(scope, items)
        except FHIRPathError as error:
            error.at(line, column)
            raise

    return Code(placed, types, ordered=code.ordered)


def call_step(found: Function, node: nodes.Call, arguments: tuple[Code, ...]) -> Step:
    """What calls the function with its arguments."""
    implementation = found.run
    if not arguments:
        return implementation
    runs = [argument.run for argument in arguments]
    lazy = [found.is_lazy(position) for position in range(len(runs))]
    if node.name == "sort":
        keys = [Key(*one) for one in zip(runs, *_directions(node), strict=True)]
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
    negated = tuple(isinstance(one, nodes.Unary) and one.operator == "-" for one in node.arguments)
    return node.descending, negated


def result_types(found: Function, code: Code, arguments: tuple[Code, ...]) -> Types:
    """The types of a function's result."""
    match found.returns:
        case "=":
            return code.types
        case "0":
            return arguments[0].types
        case "":
            return None
    return system(found.returns)


def json_children(element: Element, name: str) -> list[Item]:
    """The children of that name, where `valueQuantity` is a name as well."""
    slots = slots_of(element.type, name, json_names=True)
    wanted = {slot.key for slot in slots}
    known = element.children(name)
    if known or not slots:
        return list(known)
    return [
        child
        for child in element.all_children()
        if f"{child.name}{child.type.name[:1].upper()}{child.type.name[1:]}" in wanted
    ]


def system_member(item: Item, name: str) -> list[Item]:
    """What a value of FHIRPath's own has: a Quantity's value and unit, a type's name."""
    if isinstance(item, TypeInfo):
        value = {"name": item.name, "namespace": item.namespace, "baseType": item.base}.get(name)
        return [value] if value else EMPTY
    if isinstance(item, Quantity):
        if name == "value":
            return [item.value]
        return [item.unit] if name in ("unit", "code") else EMPTY
    return EMPTY


def hint(name: str, known: frozenset[str]) -> str:
    """The word that was probably meant."""
    found = nearest(name, known)
    return f"; did you mean '{found}'?" if found else ""


def argument_count(found: Function) -> str:
    """How many arguments a function takes, in words."""
    if found.variadic:
        return f"at least {found.least} arguments"
    if found.least == found.most:
        return {0: "no arguments", 1: "one argument"}.get(found.most, f"{found.most} arguments")
    return f"{found.least} to {found.most} arguments"
