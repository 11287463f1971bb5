"""Comparing answers: dates to the precision that both have, quantities with their units.

http://hl7.org/fhirpath/#comparison
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import Element, FHIRPathError
from fhir_kb.fhirpath.evaluation.equality import order as order_of_items
from fhir_kb.fhirpath.types.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions


def number_of(value: Any) -> Decimal | None:
    """A JSON number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _unit(quantity: Mapping[str, Any]) -> list[Any]:
    return [quantity.get(name) for name in ("system", "code", "unit")]


def order(left: Any, right: Any, type_name: str, definitions: Definitions) -> int | None:
    """-1, 0 or 1 where a value is less than, equal to or greater than another.

    Args:
        left: The JSON of one value.
        right: The JSON of the other.
        type_name: The type of both: "date", "Quantity".
        definitions: Of the FHIR release.

    Returns:
        None where it is not known: `2024` may be before or after `2024-02`, and so may values with
        and without a time zone; grams cannot be compared with metres.
    """
    if isinstance(left, dict) and isinstance(right, dict) and _unit(left) == _unit(right):
        left, right, type_name = left.get("value"), right.get("value"), "decimal"
    first, second = number_of(left), number_of(right)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    if isinstance(left, str) and isinstance(right, str) and ("T" in left) != ("T" in right):
        days = left.partition("T")[0], right.partition("T")[0]
        return order(*days, type_name, definitions) or None  # the same day decides nothing
    schema = schema_of(definitions)
    type_ = schema.type(type_name)
    try:
        return order_of_items(Element(left, type_), Element(right, type_))
    except FHIRPathError:
        return None
