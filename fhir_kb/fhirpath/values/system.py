"""The values of FHIRPath's own types (namespace System) that Python has no type for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from fhir_kb.fhirpath.values.temporal import Date, DateTime, Temporal, Time

__all__ = ["Date", "DateTime", "Long", "Quantity", "System", "Temporal", "Time", "TypeInfo"]

CALENDAR_UNITS = {
    word + plural: word
    for word in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for plural in ("", "s")
}


class Long(int):
    """A whole number of 64 bits: `5L`, FHIR's integer64."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit: a UCUM code, or a calendar word in the singular ("year")."""

    value: Decimal
    unit: str = "1"

    @classmethod
    def of(cls, value: Decimal, unit: str) -> Quantity:
        """The quantity; a calendar unit in the plural becomes the singular."""
        return cls(value, CALENDAR_UNITS.get(unit, unit))

    @property
    def is_calendar(self) -> bool:
        """Whether the unit is a calendar word."""
        return self.unit in CALENDAR_UNITS

    def __str__(self) -> str:
        value = format(self.value, "f")
        if not self.is_calendar:
            return f"{value} '{self.unit}'"
        return f"{value} {self.unit}" if self.value == 1 else f"{value} {self.unit}s"


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """The type of an item, as `type()` gives it."""

    namespace: str
    name: str
    base: str = ""
    """The type that it specialises, with its namespace."""


System: TypeAlias = bool | int | Long | Decimal | str | Date | DateTime | Time | Quantity | TypeInfo
