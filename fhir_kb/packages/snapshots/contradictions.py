"""Where a profile allows what its base does not, without being of no use for that.

http://hl7.org/fhir/profiling.html: a profile may only narrow what its base allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.packages.snapshots.elements import least, most, valued

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.packages.snapshots.elements import Element


class Contradiction(NamedTuple):
    """What contradicts the base. id: the element's; property: of the differential's element.

    said: the differential's own element (the very object).
    """

    id: str
    property: str
    message: str
    said: Element


def contradictions_of(base: Element, said: Element, name: str) -> Iterator[Contradiction]:
    """What the differential says of an element that contradicts its base."""
    if "max" in said and most(said) > most(base):
        message = f"at most {said['max']}, but the base allows {base['max']}"
        yield Contradiction(name, "max", message, said)
    if "min" in said and "sliceName" not in said and least(said) < least(base):
        message = f"at least {least(said)}, but the base demands {least(base)}"
        yield Contradiction(name, "min", message, said)
    if _strength(base) == "required" and _strength(said) not in (None, "required"):
        message = f"its codes are {_strength(said)}, but the base requires its own"
        yield Contradiction(name, "binding", message, said)
    for key in valued(said, ("fixed",)):
        if key in base and base[key] != said[key]:
            message = "another value than the one that the base fixes"
            yield Contradiction(name, key, message, said)


def _strength(element: Element) -> object:
    binding = element.get("binding")
    return binding.get("strength") if isinstance(binding, dict) else None
