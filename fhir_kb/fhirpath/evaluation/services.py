"""What a caller may provide for an evaluation, and what an evaluation may cost at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fhir_kb.fhirpath.evaluation.items import Item

MAX_STEPS = 1_000_000
"""How much work an evaluation may do: every item visited costs one step."""
MAX_STRING = 1_000_000
"""The longest string that an evaluation may make."""
MAX_ITEMS = 500_000
"""The longest collection that an evaluation may make."""


class Terminology(Protocol):
    """Answers questions about code systems and value sets; None means that it cannot tell."""

    def member_of(self, coded: Any, type_name: str, value_set: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept (its JSON) is in the value set."""

    def subsumes(self, system: str, code_a: str, code_b: str) -> bool | None:
        """Whether code_a is code_b or an ancestor of it."""


class Profiles(Protocol):
    """Answers questions about profiles; None means that it cannot tell."""

    def conforms(self, value: Any, type_name: str, profile: str) -> bool | None:
        """Whether an element or resource (its JSON) conforms to the profile with that url."""

    def definition(self, path: str) -> Mapping[str, Any] | None:
        """The ElementDefinition (its JSON) at a path such as "Patient.name"."""

    def in_slice(self, value: Any, path: str, profile: str, name: str) -> bool | None:
        """Whether the element is in the named slice of the profile."""


class Trace(NamedTuple):
    """A call of trace(): its name and the collection."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Services:
    """What an evaluation may use besides the resource; each may be left out."""

    resolver: Callable[[str], Mapping[str, Any] | None] | None = None
    """A reference or canonical -> the resource's JSON, or None. It is called for what is neither a
    contained resource nor an entry of the Bundle."""
    terminology: Terminology | None = None
    profiles: Profiles | None = None
    now: datetime | None = None
    """The result of now(); by default the time of the clock."""
    max_steps: int = MAX_STEPS


NO_SERVICES = Services()
