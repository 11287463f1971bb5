"""FHIR: Additional functions, for elements and quantities.

http://hl7.org/fhir/fhirpath.html#functions; those about references, terminology and profiles are in
modules of their own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.evaluation.equality import as_quantity
from fhir_kb.fhirpath.evaluation.items import EMPTY, FALSE, TRUE, Element, Item, boolean, value_of
from fhir_kb.fhirpath.evaluation.references import json_property
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.text import text_of
from fhir_kb.fhirpath.functions.xhtml import is_safe_xhtml
from fhir_kb.fhirpath.values import quantities
from fhir_kb.fhirpath.values.system import Quantity

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.scope import Scope


@function("extension", "value")
def extension(scope: Scope, focus: list[Item], url: list[Item]) -> list[Item]:
    """The extensions with that url."""
    extension_url = text_of(url, "extension()")
    extensions: list[Item] = []
    for item in focus:
        if isinstance(item, Element):
            extensions += [
                child
                for child in item.children("extension")
                if json_property(child, "url") == extension_url
            ]
    scope.env.spend(len(focus))
    return extensions if extension_url is not None else EMPTY


@function("hasValue", returns="Boolean")
def has_value(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether there is a single primitive with a value."""
    return boolean(len(focus) == 1 and _primitive_value(focus[0]) is not None)


def _primitive_value(item: Item) -> Any:
    if not isinstance(item, Element):
        return item
    return item.value if item.type.system else None


@function("getValue")
def get_value(_: Scope, focus: list[Item]) -> list[Item]:
    """The value of a single primitive, as a System value."""
    if len(focus) != 1 or _primitive_value(focus[0]) is None:
        return EMPTY
    value = value_of(focus[0])
    return EMPTY if value is None else [value]


@function("htmlChecks", returns="Boolean")
def html_checks(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether the narrative has only what FHIR allows, and some content."""
    if len(focus) != 1:
        return FALSE
    value = value_of(focus[0])
    return boolean(isinstance(value, str) and is_safe_xhtml(value))


@function("comparable", "value", returns="Boolean")
def comparable(_: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether two quantities can be compared: their units have the same dimension."""
    if len(focus) != 1 or len(other) != 1:
        return EMPTY
    left, right = as_quantity(value_of(focus[0])), as_quantity(value_of(other[0]))
    if left is None or right is None:
        return EMPTY
    if left.unit == right.unit:
        return TRUE
    zero = Decimal(0)
    sign = quantities.order(Quantity(zero, left.unit), Quantity(zero, right.unit))
    return boolean(sign is not None)
