"""How the model is declared: one frozen dataclass a concept, a description for every field.

The model is the single source of the authoring format. From these declarations `read` derives the
decoder that turns YAML into values, the JSON Schema for editors, and the reference documentation.
A field's Python name with `-` for `_` is its key in YAML; a trailing `_` is dropped (`from_`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeVar, dataclass_transform

from fhir_kb.diagnostics import Span  # noqa: TC001  (read resolves the annotations)

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def doc(text: str, *, default: Any = dataclasses.MISSING, example: Any = None) -> Any:
    """A field of a record: its description, its default (required without one), an example."""
    metadata = {"doc": text} if example is None else {"doc": text, "example": example}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(doc,))
def record(declared: type[T]) -> type[T]:
    """Make a class a record: a frozen dataclass with keyword fields, quickly made.

    Comparing and showing are written once in Record: sixty generated copies cost 50 ms a start.
    """
    return dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)(declared)


@record
class Record:
    """A mapping of the definitions. `span` is its place (that of its key where it has one).

    Equal records say the same in the same place. SHORTHAND names the field that a plain scalar or
    list in its stead means; KEYED the field that holds the key where records stand in a map.
    """

    SHORTHAND: ClassVar[str | None] = None
    KEYED: ClassVar[str | None] = None

    span: Span

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash((type(self), self.span))

    def __repr__(self) -> str:
        names = [field.name for field in dataclasses.fields(self)]
        fields = (f"{name}={getattr(self, name)!r}" for name in names if getattr(self, name))
        return f"{type(self).__name__}({', '.join(fields)})"


def _values(record: Record) -> tuple[Any, ...]:
    return tuple(getattr(record, field.name) for field in dataclasses.fields(record))


class OneOf:
    """The words that a field takes: word → the FHIR code it stands for."""

    __slots__ = ("words",)

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words: Final = words


class Names(NamedTuple):
    """A field that names something defined elsewhere."""

    kind: str
    """What it names: "activity", "step", "goal", "reference", …"""


class Pattern(NamedTuple):
    """A field whose text matches a pattern."""

    regex: str
    """The regular expression."""

    called: str
    """What people call such a text: "a semantic version"."""

    help: str = ""
    """What it looks like, with an example; empty where its name says it."""


class Keyed(NamedTuple):
    """A tuple of records that is written as a map by name."""


def key_of(field_name: str) -> str:
    """The YAML key of a field."""
    return field_name.rstrip("_").replace("_", "-")
