"""The types of what is read from our own files: damage is found where a file is read, not later."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar

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
    class_: type = type(record)
    for name, annotation, expected in _checked_fields(class_):
        if not _is(getattr(record, name), expected):
            raise TypeError(f"{name} is not a {annotation}")
    return record


def _is(value: object, expected: type) -> bool:
    if expected is tuple:
        return isinstance(value, tuple) and all(type(part) is str and part for part in value)
    return type(value) is expected


@cache
def _checked_fields(class_: type) -> tuple[tuple[str, str, type], ...]:
    """Name, annotation and type of the fields to check: a state has thousands of one class."""
    annotations = (
        {field.name: str(field.type) for field in fields(class_)}
        if is_dataclass(class_)
        else {
            name: getattr(annotation, "__forward_arg__", str(annotation))
            for name, annotation in class_.__annotations__.items()
        }
    )
    return tuple(
        (name, annotation, _TYPES[annotation])
        for name, annotation in annotations.items()
        if annotation in _TYPES
    )


def strings(values: object) -> tuple[str, ...]:
    """A list of strings. Raises TypeError for anything else."""
    if not isinstance(values, list) or not all(type(value) is str for value in values):
        raise TypeError("not a list of strings")
    return tuple(values)


def objects(rows: object) -> list[dict[str, Any]]:
    """A list of JSON objects. Raises TypeError for anything else."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError("not a list of objects")
    return rows
