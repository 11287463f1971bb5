"""Every name that a record uses, found by the model's own declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.model.shape import Many, Mapping, Scalar, Shape, layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model.record import Record
    from fhir_kb.model.text import Text


class Use(NamedTuple):
    """A name that is used: of what kind, the name with its place, and the record that uses it."""

    kind: str
    name: Text
    by: Record


_Field = tuple[str, str | None, bool]  # field, kind of name (None: records), many
_FIELDS: Final[dict[type[Record], tuple[_Field, ...]]] = {}


def uses(record: Record) -> Iterator[Use]:
    """The names that `record` and the records within it use, in reading order."""
    for field, kind, many in _fields(type(record)):
        value: Any = getattr(record, field)
        if value is None:
            continue
        for item in value if many else (value,):
            if kind is None:
                yield from uses(item)
            else:
                yield Use(kind, item, record)


def records(record: Record) -> Iterator[Record]:
    """The record and every record within it, in reading order."""
    yield record
    for field, kind, many in _fields(type(record)):
        if kind is None and (value := getattr(record, field)) is not None:
            for item in value if many else (value,):
                yield from records(item)


def _fields(record: type[Record]) -> tuple[_Field, ...]:
    found = _FIELDS.get(record)
    if found is None:
        relevant = ((key.field, *_relevant(key.shape)) for key in layout(record).keys)
        found = tuple((field, kind, many) for field, kind, many, matters in relevant if matters)
        _FIELDS[record] = found
    return found


def _relevant(shape: Shape) -> tuple[str | None, bool, bool]:
    if isinstance(shape, Many):
        kind, _, matters = _relevant(shape.item)
        return kind, True, matters
    if isinstance(shape, Mapping):
        return None, False, True
    assert isinstance(shape, Scalar)
    return (shape.names.kind, False, True) if shape.names else (None, False, False)
