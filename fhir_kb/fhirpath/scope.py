"""What an expression is evaluated in: the environment of one run, and the scope of `$this`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from fhir_kb.fhirpath.errors import FHIRPathExecutionError, FHIRPathLimitError
from fhir_kb.fhirpath.items import Element, Item
from fhir_kb.fhirpath.temporal import DateTime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.fhirpath.model import Schema

MAX_STEPS = 1_000_000
"""How much an evaluation may do: every item looked at costs one step."""
MAX_STRING = 1_000_000
"""The longest string that an evaluation may make."""
MAX_ITEMS = 500_000
"""The longest collection that an evaluation may make."""


class Terminology(Protocol):
    """Answers what needs code systems; None means that it cannot tell."""

    def member_of(self, coded: Any, type_name: str, value_set: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept (its JSON) is in the value set."""

    def subsumes(self, system: str, code_a: str, code_b: str) -> bool | None:
        """Whether code_a is code_b or an ancestor of it."""


class Profiles(Protocol):
    """Answers what needs profiles; None means that it cannot tell."""

    def conforms(self, value: Any, type_name: str, profile: str) -> bool | None:
        """Whether an element or resource (its JSON) conforms to the profile with that url."""

    def definition(self, path: str) -> Mapping[str, Any] | None:
        """The ElementDefinition (its JSON) at a path such as "Patient.name"."""

    def in_slice(self, value: Any, path: str, profile: str, name: str) -> bool | None:
        """Whether the element is in the named slice of the profile."""


class Trace(NamedTuple):
    """What trace() was told: its name and the collection."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Services:
    """What an evaluation may ask of the world; all may be left out.

    resolver: a reference or canonical -> the resource's JSON, or None. It is asked after contained
    resources and the entries of a Bundle. now: the moment that now() is; else the clock's.
    """

    resolver: Callable[[str], Mapping[str, Any] | None] | None = None
    terminology: Terminology | None = None
    profiles: Profiles | None = None
    now: datetime | None = None
    max_steps: int = MAX_STEPS


NO_SERVICES = Services()


@dataclass(slots=True)
class Env:
    """The environment of one evaluation."""

    schema: Schema
    context: list[Item]
    resource: list[Item]
    root: list[Item]
    variables: Mapping[str, list[Item]] = field(default_factory=dict)
    services: Services = NO_SERVICES
    traces: list[Trace] = field(default_factory=list)
    steps: int = MAX_STEPS
    moment: DateTime | None = None
    #: What is the same wherever in the expression it is asked for, by its code.
    kept: dict[object, list[Item]] | None = None

    def spend(self, steps: int) -> None:
        """Count work done. Raises FHIRPathLimitError when it is more than allowed."""
        self.steps -= steps
        if self.steps < 0:
            raise FHIRPathLimitError(
                f"the evaluation takes more than {self.services.max_steps} steps"
            )

    def write(self, length: int) -> None:
        """Count a string that is going to be made. Raises FHIRPathLimitError as `spend` does."""
        if length > MAX_STRING:
            raise FHIRPathLimitError(f"a string would be longer than {MAX_STRING} characters")
        self.spend(length // 8)

    def now(self) -> DateTime:
        """The moment of this evaluation: the same whenever it is asked."""
        if self.moment is None:
            moment = self.services.now or datetime.now().astimezone()
            self.moment = _date_time(moment)
        return self.moment


def _date_time(moment: datetime) -> DateTime:
    seconds = Decimal(moment.second) + Decimal(moment.microsecond // 1000).scaleb(-3)
    offset = moment.utcoffset()
    zone = ""
    if offset is not None:
        minutes = int(offset.total_seconds()) // 60
        sign = "-" if minutes < 0 else "+"
        zone = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    fields = (moment.year, moment.month, moment.day, moment.hour, moment.minute, seconds)
    return DateTime(fields, zone)


class Scope:
    """Where a part of an expression stands: $this, $index, $total and the variables defined."""

    __slots__ = ("defined", "env", "index", "this", "total")

    def __init__(
        self,
        env: Env,
        this: list[Item],
        index: int = -1,
        total: list[Item] | None = None,
        defined: Mapping[str, list[Item]] | None = None,
    ) -> None:
        self.env = env
        self.this = this
        self.index = index
        self.total = total
        self.defined: Mapping[str, list[Item]] = defined if defined is not None else {}

    def inner(self) -> Scope:
        """A scope for the items of an iteration, which sets its `this` and `index`."""
        return Scope(self.env, self.this, -1, self.total, self.defined)

    def fork(self) -> Scope:
        """A scope of the same $this, in which variables may be defined."""
        return Scope(self.env, self.this, self.index, self.total, self.defined)


def single(items: list[Item], what: str) -> Item | None:
    """The only item, or None. Raises FHIRPathExecutionError where there are several."""
    if len(items) == 1:
        return items[0]
    if not items:
        return None
    raise FHIRPathExecutionError(f"{what} needs one item, but there are {len(items)}")


def truth(items: list[Item]) -> bool | None:
    """A collection as a Boolean: empty is None, a single item that is no Boolean is true.

    Raises FHIRPathExecutionError where there are several items.
    """
    if not items:
        return None
    if len(items) > 1:
        raise FHIRPathExecutionError(f"a Boolean is needed, but there are {len(items)} items")
    item = items[0]
    if isinstance(item, bool):
        return item
    if isinstance(item, Element) and item.type.system == "Boolean":
        value = item.system()
        return value if isinstance(value, bool) else None
    return True
