"""Where a profile allows what its base does not, though a snapshot can be made of it.

http://hl7.org/fhir/profiling.html: a profile may only narrow what its base allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.packages.snapshots.elements import max_of, min_of, value_properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.packages.snapshots.elements import ElementJson


class Contradiction(NamedTuple):
    """A property of an element that contradicts the base."""

    id: str
    """The id of the element."""
    property: str
    """The name of the property in the element of the differential."""
    message: str
    element: ElementJson
    """The element of the differential: the very object."""


def contradictions_of(
    base: ElementJson, element: ElementJson, element_id: str
) -> Iterator[Contradiction]:
    """Where an element of the differential contradicts the element of the base."""
    if "max" in element and max_of(element) > max_of(base):
        message = f"at most {element['max']}, but the base allows {base['max']}"
        yield Contradiction(element_id, "max", message, element)
    if "min" in element and "sliceName" not in element and min_of(element) < min_of(base):
        message = f"at least {min_of(element)}, but the base demands {min_of(base)}"
        yield Contradiction(element_id, "min", message, element)
    if _strength(base) == "required" and _strength(element) not in (None, "required"):
        message = f"its codes are {_strength(element)}, but the base requires its own"
        yield Contradiction(element_id, "binding", message, element)
    for name in value_properties(element, ("fixed",)):
        if name in base and base[name] != element[name]:
            message = "another value than the one that the base fixes"
            yield Contradiction(element_id, name, message, element)


def _strength(element: ElementJson) -> object:
    binding = element.get("binding")
    return binding.get("strength") if isinstance(binding, dict) else None
