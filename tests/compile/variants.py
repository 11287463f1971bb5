"""Records with one thing changed, again and again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from everything import NAMES

from fhir_kb.model.record import Record
from fhir_kb.model.schema_shape import ListShape, ScalarShape, SchemaShape, layout
from fhir_kb.model.text import Text


def changed(record: Record, path: str) -> Iterator[tuple[str, Any]]:
    """The record again and again, each time with one field within it changed: (path, record)."""
    for key in layout(type(record)).keys:
        value = getattr(record, key.field)
        here = f"{path}.{key.name}"
        if not value:
            continue
        for inner_path, other in _changed_value(value, here, required=key.required):
            yield inner_path, dataclasses.replace(record, **{key.field: other})


def _changed_value(value: Any, path: str, *, required: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Record):
        yield from changed(value, path)
    elif isinstance(value, tuple):
        if isinstance(value[0], Record):
            for index, item in enumerate(value):
                for inner, other in _changed_value(item, f"{path}[{index}]", required=True):
                    yield inner, (*value[:index], other, *value[index + 1 :])
        else:
            yield path, ()
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value + 1
    elif not required:
        yield path, None
    elif str(value) in {*NAMES.values(), "everything"} or path.endswith(_KEPT):
        return
    elif isinstance(value, Text):
        yield path, type(value)(f"{value}x", value.span)


#: required words and names, which the reader has checked
_KEPT = (
    ".type", ".study", ".measure", ".aspect", ".rating", ".strength", ".direction", ".system",
    ".property", ".op", ".value", ".low", ".high", ".id", ".max-dose", ".jurisdiction", ".orcid",
)  # fmt: skip


def renamed(record: Record, path: str) -> Iterator[tuple[str, Any]]:
    """The record again and again, each time with one name in it that leads nowhere."""
    for key in layout(type(record)).keys:
        value = getattr(record, key.field)
        if not value:
            continue
        for inner, other in _renamed_value(value, key.shape, f"{path}.{key.name}"):
            yield inner, dataclasses.replace(record, **{key.field: other})


def _renamed_value(value: Any, shape: SchemaShape, path: str) -> Iterator[tuple[str, Any]]:
    item = shape.item if isinstance(shape, ListShape) else shape
    if isinstance(item, ScalarShape):
        if item.names is not None:
            span = (value[0] if isinstance(value, tuple) else value).span
            nowhere = Text("nowhere", span)
            yield path, (nowhere,) if isinstance(value, tuple) else nowhere
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            for inner, other in renamed(one, f"{path}[{index}]"):
                yield inner, (*value[:index], other, *value[index + 1 :])
    else:
        yield from renamed(value, path)
