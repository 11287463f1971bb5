"""Which limits apply to which types: bindings, lengths, ranges, targets, sizes.

http://hl7.org/fhir/extensions/StructureDefinition-structuredefinition-type-characteristics.html
states it in the definitions of newer releases; for older ones it is listed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import CORE_URL
from fhir_kb.validate.core.json_values import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CHARACTERISTICS: Final = f"{CORE_URL}structuredefinition-type-characteristics"
_QUANTITY: Final = "has-range is-continuous can-bind has-units"
_TIME: Final = "has-range is-continuous has-length"
_URI: Final = "has-length can-bind"
_BY_TYPE: Final = {
    "integer": "has-range has-length",
    "integer64": "has-range has-length",
    "positiveInt": "has-range has-length",
    "unsignedInt": "has-range has-length",
    "decimal": _TIME,
    "instant": _TIME,
    "dateTime": _TIME,
    "time": _TIME,
    "date": "has-range has-length",
    "base64Binary": "has-size",
    "string": "has-length can-bind",
    "code": "has-length can-bind",
    "uri": _URI,
    "url": _URI,
    "oid": _URI,
    "uuid": _URI,
    "id": "has-length",
    "markdown": "has-length",
    "canonical": "has-target has-length",
    "Age": _QUANTITY,
    "Distance": _QUANTITY,
    "Duration": _QUANTITY,
    "Quantity": _QUANTITY,
    "MoneyQuantity": _QUANTITY,
    "SimpleQuantity": _QUANTITY,
    "Count": "has-range",
    "Money": "has-range is-continuous",
    "Range": "has-units can-bind",
    "Attachment": "has-size",
    "CodeableConcept": "can-bind",
    "Coding": "can-bind",
    "CodeableReference": "has-target can-bind",
    "Reference": "has-target",
    "Extension": "can-bind",
}
_LIMITS: Final = {
    "binding": "can-bind",
    "maxLength": "has-length",
    "minValue": "has-range",
    "maxValue": "has-range",
}
_LIMITS_IN_EXTENSIONS: Final = {
    f"{CORE_URL}minLength": "has-length",
    f"{CORE_URL}maxDecimalPlaces": "is-continuous",
    f"{CORE_URL}maxSize": "has-size",
}


def type_characteristics(name: str, definition: Mapping[str, Any] | None) -> frozenset[str]:
    """The characteristics of a type; definition: its StructureDefinition, if available."""
    stated = {
        str(extension.get("valueCode"))
        for _, extension in objects(definition, "extension")
        if extension.get("url") == _CHARACTERISTICS
    }
    return frozenset(stated or _BY_TYPE.get(name, "").split())


def limits_of(element: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The limits that the element has, each with the characteristic that its type needs."""
    for name, characteristic in _LIMITS.items():
        if any(key == name or (key.startswith(name) and name.endswith("Value")) for key in element):
            yield name, characteristic
    for _, extension in objects(element, "extension"):
        url = extension.get("url")
        if isinstance(url, str) and url in _LIMITS_IN_EXTENSIONS:
            yield url.removeprefix(CORE_URL), _LIMITS_IN_EXTENSIONS[url]
