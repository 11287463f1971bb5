"""The types of what is read from our own files: damage is found where a file is read, not later."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
_TYPES: Final[dict[str, type]] = {"str": str, "int": int, "bool": bool, "Ref": tuple}


def checked(record: T) -> T:
    """A record that was made of JSON, if its strings, numbers and booleans are such.

    Args:
        record: A dataclass or NamedTuple; of its fields those annotated `str`, `int`, `bool` and
            `Ref` are checked.

    Raises:
        TypeError: A field has a value of another type.
    """
    for name, annotation in _annotations(record):
        expected = _TYPES.get(annotation)
        if expected is not None and not _is(getattr(record, name), expected):
            raise TypeError(f"{name} is not a {annotation}")
    return record


def _is(value: object, expected: type) -> bool:
    if expected is tuple:
        return isinstance(value, tuple) and all(type(part) is str and part for part in value)
    return type(value) is expected


def _annotations(record: Any) -> Iterator[tuple[str, str]]:
    if is_dataclass(record):
        for field in fields(record):
            yield field.name, str(field.type)
        return
    for name, annotation in type(record).__annotations__.items():
        yield name, getattr(annotation, "__forward_arg__", str(annotation))


def objects(rows: object) -> list[dict[str, Any]]:
    """A list of JSON objects. Raises TypeError for anything else."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError("not a list of objects")
    return rows
