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
    """The type of the value: Text or one of its subclasses, bool, int."""

    words: OneOf | None = None
    """The words that it may be, and their codes."""

    pattern: Pattern | None = None
    """The pattern that its text matches."""

    names: Names | None = None
    """What it names that is defined elsewhere."""


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list; a single item may stand for itself."""

    item: SchemaShape
    """The shape of each item."""

    keyed: bool
    """Whether it is written as a map from names to records."""


@dataclass(frozen=True, slots=True)
class RecordShape:
    """A record."""

    record: type[Record]
    """Its class."""


SchemaShape = ScalarShape | ListShape | RecordShape


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A key of a record."""

    name: str
    """As in YAML: "as-needed"."""

    field: str
    """As in Python: "as_needed"."""

    shape: SchemaShape
    """What it holds."""

    required: bool
    """Whether it must be given."""

    doc: str
    """Its description."""

    example: Any
    """An example of its value, or None."""


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """A record as the decoder needs it."""

    keys: tuple[RecordKey, ...]
    """All in the order of their declaration, that which holds the name in a map included."""

    by_name: dict[str, RecordKey]
    """The keys that may be written inside the mapping."""

    required: tuple[RecordKey, ...]
    """The keys that must be given."""

    keyed: RecordKey | None
    """The key that holds the name, where records stand in a map."""

    shorthand: RecordKey | None
    """The key that a value in place of the mapping means."""

    whole: bool
    """Whether the mapping as a whole is the value of `shorthand`, as in concepts.yaml."""


_LAYOUTS: dict[type[Record], RecordLayout] = {}


def layout(record: type[Record]) -> RecordLayout:
    """The layout of a record, worked out once."""
    cached = _LAYOUTS.get(record)
    if cached is None:
        cached = _LAYOUTS[record] = _layout(record)
    return cached


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
