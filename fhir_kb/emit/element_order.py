"""FHIR's element order: the order of a type's StructureDefinition.

The JSON format leaves the order of properties open (https://hl7.org/fhir/json.html); writing them
as the specification lists them makes a resource readable and its bytes repeatable.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_kb.packages import UnknownTypeError, definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions

_RESOURCE = "Resource"  # a place for any resource: `contained`, `Bundle.entry.resource`

# What to do with the properties of one object, in order: the name, and how its value is arranged
# (None: it is a primitive and stays as it is).
_Steps = tuple[tuple[str, "_Shape | None"], ...]


@cache
def element_order(fhir_version: str) -> ElementOrder:
    """The order of "5.0.0", "4.3.0" or "4.0.1". Raises ValueError for any other version."""
    return ElementOrder(definitions(fhir_version))


class ElementOrder:
    """Puts the properties of a release's resources into the order of the specification.

    Properties that a type does not have come last, by name. Leaf values are shared with the input;
    objects and lists are new, plain ones.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._shapes: dict[str, _Shape] = {}

    def __call__(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The resource as plain dicts and lists in FHIR's order."""
        return self.shape(_RESOURCE).arrange(resource)

    def shape(self, type_path: str) -> _Shape:
        """The order of one type ("Quantity") or inner element ("PlanDefinition.action")."""
        shape = self._shapes.get(type_path)
        if shape is None:
            shape = _AnyResource(self) if type_path == _RESOURCE else _Shape(self)
            self._shapes[type_path] = shape  # before its content, which may refer to it
            shape.content = self._content(type_path)
        return shape

    def _content(self, type_path: str) -> dict[str, tuple[int, str]]:
        try:
            properties = self._definitions.properties(type_path)
        except UnknownTypeError:
            return {"resourceType": (0, ""), "id": (1, "")}
        leaves = self._definitions.primitive_types
        return {
            name: (property_.index, "" if property_.type_path in leaves else property_.type_path)
            for name, property_ in properties.items()
        } | {"resourceType": (-1, "")}


class _Shape:
    """The order of the properties of one type; caches the order of each combination of them."""

    __slots__ = ("_order", "_steps", "content")

    def __init__(self, order: ElementOrder) -> None:
        self._order = order
        self._steps: dict[tuple[str, ...], _Steps] = {}
        self.content: dict[str, tuple[int, str]] = {}
        """For each property its index and the type of its value, "" where that is a primitive."""

    def arrange(self, value: Mapping[str, Any]) -> dict[str, Any]:
        names = tuple(value)
        steps = self._steps.get(names)
        if steps is None:
            steps = self._steps[names] = self._plan(names)
        return {
            name: value[name] if shape is None else _arranged(value[name], shape)
            for name, shape in steps
        }

    def _plan(self, names: tuple[str, ...]) -> _Steps:
        unknown = (len(self.content), "Element")
        content = {name: self.content.get(name, unknown) for name in names}
        ordered = sorted(names, key=lambda name: (content[name][0], name))
        return tuple(
            (name, self._order.shape(content[name][1]) if content[name][1] else None)
            for name in ordered
        )


class _AnyResource(_Shape):
    """A place for any resource: the order is that of the type of the resource there."""

    __slots__ = ()

    def arrange(self, value: Mapping[str, Any]) -> dict[str, Any]:
        type_name = value.get("resourceType")
        if not isinstance(type_name, str) or type_name == _RESOURCE:
            return super().arrange(value)
        return self._order.shape(type_name).arrange(value)


def _arranged(value: Any, shape: _Shape) -> Any:
    if isinstance(value, dict):
        return shape.arrange(value)
    if isinstance(value, list):
        return [shape.arrange(item) if isinstance(item, dict) else item for item in value]
    return value
