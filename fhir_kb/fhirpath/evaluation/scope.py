"""What an expression is evaluated in: the environment of an evaluation, and scopes of `$this`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathExecutionError, FHIRPathLimitError
from fhir_kb.fhirpath.evaluation.items import Element, Item
from fhir_kb.fhirpath.evaluation.services import (
    MAX_STEPS,
    MAX_STRING,
    NO_SERVICES,
    Services,
    Trace,
)
from fhir_kb.fhirpath.values.temporal import DateTime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath.types.schema import Schema


@dataclass(slots=True)
class Environment:
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
    fixed_paths: dict[object, list[Item]] | None = None
    """The results of paths that are the same all through the evaluation (`%resource.name`)."""

    def spend(self, steps: int) -> None:
        """Count steps of work. Raises FHIRPathLimitError where they are more than allowed."""
        self.steps -= steps
        if self.steps < 0:
            raise FHIRPathLimitError(
                f"the evaluation takes more than {self.services.max_steps} steps"
            )

    def write(self, length: int) -> None:
        """Count a string before it is made. Raises FHIRPathLimitError as `spend` does."""
        if length > MAX_STRING:
            raise FHIRPathLimitError(f"a string would be longer than {MAX_STRING} characters")
        self.spend(length // 8)

    def now(self) -> DateTime:
        """The time of this evaluation: each call gives the same."""
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
    """What a part of an expression sees: $this, $index, $total and the variables defined."""

    __slots__ = ("defined", "env", "index", "this", "total")

    def __init__(
        self,
        env: Environment,
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


Run: TypeAlias = Callable[[Scope], list[Item]]
"""A compiled part of an expression: gives its collection in a scope."""


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
