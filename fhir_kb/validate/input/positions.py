"""Lines and columns of values in a JSON text; worked out only for findings."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.validate.core.issue import Pointer

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_SCALAR = re.compile(r"[^\s,\]}]+")
_SKIP = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|([\[{])|[\]}]')


class Position(NamedTuple):
    """A line and column, from 1, counted in characters."""

    line: int
    column: int


class Positions:
    """The positions of values in a JSON text that is well-formed."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._text = text
        self._first_line = first_line
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> Position:
        """The line and column of a character."""
        line = bisect_right(self._starts, offset)
        return Position(line + self._first_line - 1, offset - self._starts[line - 1] + 1)

    def of(self, pointers: Iterable[Pointer]) -> dict[Pointer, Position]:
        """The position of each pointer: of a property its name, of an item the item itself.

        What is not in the text has the position of the nearest value around it.
        """
        unique = set(pointers)
        tree: dict[str | int, Any] = {}
        for pointer in unique:
            node = tree
            for step in pointer:
                node = node.setdefault(step, {})
        offsets: dict[Pointer, int] = {}
        self._move(0)
        offsets[()] = self._at
        self._walk(tree, (), offsets)
        return {pointer: self.at(_nearest(pointer, offsets)) for pointer in unique}

    def duplicates(self) -> Iterator[tuple[Pointer, Position]]:
        """Each property that its object has already, in the order of the text."""
        self._move(0)
        yield from self._duplicates(())

    def _walk(self, tree: dict[str | int, Any], path: Pointer, offsets: dict[Pointer, int]) -> None:
        """Record the offsets of what `tree` names in the value at the cursor, and go behind it."""
        if not tree or self._text[self._at] not in "[{":
            self._skip_value()
            return
        for step, key_at in self._members():
            if step in tree:
                inner = (*path, step)
                offsets.setdefault(inner, key_at)
                self._walk(tree[step], inner, offsets)
            else:
                self._skip_value()

    def _duplicates(self, path: Pointer) -> Iterator[tuple[Pointer, Position]]:
        if self._text[self._at] not in "[{":
            self._skip_value()
            return
        seen: set[str | int] = set()
        for step, key_at in self._members():
            if step in seen:
                yield (*path, step), self.at(key_at)
            seen.add(step)
            yield from self._duplicates((*path, step))

    def _members(self) -> Iterator[tuple[str | int, int]]:
        """(name or index, where it begins) of each member of the object or list at the cursor.

        The cursor is then at the member's value; whoever takes the member moves it behind the
        value. At the end it is behind the object or list.
        """
        text = self._text
        is_object = text[self._at] == "{"
        index = 0
        self._move(self._at + 1)
        while text[self._at] not in "]}":
            begin = self._at
            key = _STRING.match(text, begin) if is_object else None
            if key is None:
                yield index, begin
                index += 1
            else:
                self._move(key.end())  # to the colon
                self._move(self._at + 1)
                yield _name(key[0]), begin
            self._move(self._at)
            if text[self._at] == ",":
                self._move(self._at + 1)
        self._at += 1

    def _move(self, offset: int) -> None:
        """To the first character from `offset` on that is not white space."""
        space = _SPACE.match(self._text, offset)
        self._at = space.end() if space else offset

    def _skip_value(self) -> None:
        first = self._text[self._at]
        if first not in "[{":
            scalar = (_STRING if first == '"' else _SCALAR).match(self._text, self._at)
            self._at = scalar.end() if scalar else self._at + 1
            return
        depth = 0
        for token in _SKIP.finditer(self._text, self._at):
            if token[1]:
                depth += 1
            elif token[0] in "]}":
                depth -= 1
                if depth == 0:
                    self._at = token.end()
                    return


def _name(literal: str) -> str:
    return literal[1:-1] if "\\" not in literal else str(orjson.loads(literal))


def _nearest(pointer: Pointer, offsets: dict[Pointer, int]) -> int:
    while pointer not in offsets and pointer:
        pointer = pointer[:-1]
    return offsets[pointer]
