"""The shapes of the authoring format, read off the model's declarations.

One description serves the decoder, the JSON Schema and the reference documentation.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Union, cast

from fhir_kb.model.record import Keyed, Names, OneOf, Pattern, Record, key_of
from fhir_kb.model.text import Text


@dataclass(frozen=True, slots=True)
class ScalarShape:
    """A single value: text of some kind, a number, true or false."""

    type: type
    words: OneOf | None = None
    pattern: Pattern | None = None
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list; one item may stand for itself. `keyed`: a map from names to records."""

    item: SchemaShape
    keyed: bool


@dataclass(frozen=True, slots=True)
class RecordShape:
    """A record."""

    record: type[Record]


SchemaShape = ScalarShape | ListShape | RecordShape


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A key of a record."""

    name: str
    field: str
    shape: SchemaShape
    required: bool
    doc: str
    example: Any


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """A record as the decoder needs it.

    keys: all in the order of their declaration, that which holds the name in a map included.
    by_name: the keys that may be written inside the mapping.
    shorthand: the key that a value in place of the mapping means.
    whole: the mapping as a whole is the value of `shorthand` (concepts.yaml, references.yaml).
    """

    keys: tuple[RecordKey, ...]
    by_name: dict[str, RecordKey]
    required: tuple[RecordKey, ...]
    keyed: RecordKey | None
    shorthand: RecordKey | None
    whole: bool


_LAYOUTS: dict[type[Record], RecordLayout] = {}


def layout(record: type[Record]) -> RecordLayout:
    """The layout of a record, worked out once."""
    found = _LAYOUTS.get(record)
    if found is None:
        found = _LAYOUTS[record] = _layout(record)
    return found


def _layout(record: type[Record]) -> RecordLayout:
    hints = typing.get_type_hints(record, include_extras=True)
    keys = tuple(
        RecordKey(
            name=key_of(field.name),
            field=field.name,
            shape=_shape(hints[field.name]),
            required=field.default is dataclasses.MISSING,
            doc=field.metadata["doc"],
            example=field.metadata.get("example"),
        )
        for field in dataclasses.fields(record)
        if field.name != "span"
    )
    shorthand = next((key for key in keys if key.field == record.SHORTHAND), None)
    return RecordLayout(
        keys=keys,
        by_name={key.name: key for key in keys if key.field != record.KEYED},
        required=tuple(key for key in keys if key.required),
        keyed=next((key for key in keys if key.field == record.KEYED), None),
        shorthand=shorthand,
        whole=shorthand is not None
        and isinstance(shorthand.shape, ListShape)
        and shorthand.shape.keyed,
    )


def _shape(hint: Any) -> SchemaShape:
    extras: tuple[object, ...] = ()
    if typing.get_origin(hint) is typing.Annotated:
        hint, *rest = typing.get_args(hint)
        extras = tuple(rest)
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [argument for argument in typing.get_args(hint) if argument is not type(None)]
        assert len(inner) == 1, hint
        return _shape(inner[0])
    if origin is tuple:
        item = _shape(typing.get_args(hint)[0])
        return ListShape(item, any(extra is Keyed or isinstance(extra, Keyed) for extra in extras))
    if isinstance(hint, type) and issubclass(hint, Record):
        return RecordShape(hint)
    assert isinstance(hint, type) and (issubclass(hint, Text) or hint in (bool, int)), hint
    return ScalarShape(
        hint,
        words=cast("OneOf | None", _first(extras, OneOf)),
        pattern=cast("Pattern | None", _first(extras, Pattern)),
        names=cast("Names | None", _first(extras, Names)),
    )


def _first(extras: tuple[object, ...], kind: type) -> object:
    return next((extra for extra in extras if isinstance(extra, kind)), None)
