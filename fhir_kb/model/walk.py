"""Every name that a record uses, found by the model's own declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.model.schema_shape import ListShape, RecordShape, ScalarShape, SchemaShape, layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model.record import Record
    from fhir_kb.model.text import Text


class NameUse(NamedTuple):
    """A name of something that is defined elsewhere."""

    kind: str
    """What it names: "concept", "reference", …"""

    name: Text
    """The name, with its place."""

    by: Record
    """The record that uses it."""


class _Fields(NamedTuple):
    """The fields of a record that matter here: field, kind of name (None: records), many."""

    all: tuple[tuple[str, str | None, bool], ...]
    names: tuple[tuple[str, str, bool], ...]
    records: tuple[tuple[str, bool], ...]


_FIELDS: Final[dict[type[Record], _Fields]] = {}


def name_uses(record: Record) -> Iterator[NameUse]:
    """The names that `record` and the records within it use, in reading order."""
    for field, kind, many in _fields(type(record)).all:
        value: Any = getattr(record, field)
        if value:
            for item in value if many else (value,):
                if kind is None:
                    yield from name_uses(item)
                else:
                    yield NameUse(kind, item, record)


def own_name_uses(record: Record) -> Iterator[NameUse]:
    """The names that `record` itself uses, without the records within it."""
    for field, kind, many in _fields(type(record)).names:
        value: Any = getattr(record, field)
        if value:
            for name in value if many else (value,):
                yield NameUse(kind, name, record)


def records(record: Record) -> list[Record]:
    """The record and every record within it, in reading order, outer before inner."""
    collected: list[Record] = []
    _collect(record, collected)
    return collected


def _collect(record: Record, collected: list[Record]) -> None:
    collected.append(record)
    for field, many in _fields(type(record)).records:
        value: Any = getattr(record, field)
        if value:
            if many:
                for inner in value:
                    _collect(inner, collected)
            else:
                _collect(value, collected)


def _fields(record: type[Record]) -> _Fields:
    fields = _FIELDS.get(record)
    if fields is None:
        every: list[tuple[str, str | None, bool]] = []
        for key in layout(record).keys:
            shape, many = _item(key.shape)
            if isinstance(shape, RecordShape):
                every.append((key.field, None, many))
            elif isinstance(shape, ScalarShape) and shape.names:
                every.append((key.field, shape.names.kind, many))
        fields = _FIELDS[record] = _Fields(
            tuple(every),
            tuple((field, kind, many) for field, kind, many in every if kind is not None),
            tuple((field, many) for field, kind, many in every if kind is None),
        )
    return fields


def _item(shape: SchemaShape) -> tuple[SchemaShape, bool]:
    """What a field holds, and whether it holds many."""
    return (shape.item, True) if isinstance(shape, ListShape) else (shape, False)
