"""The syntax tree of a regular expression, as far as it is regular."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

MAX_DEPTH = 60
MAX_REPEAT = 1000
_ENORMOUS = 10**12


class Unsupported(Exception):  # noqa: N818 - a signal between two modules, which nobody sees
    """The pattern is not regular, or not valid."""


class Atom(NamedTuple):
    r"""One character, given as the pattern that matches it: "a", "[0-9]", "\\w", "."."""

    source: str


class Assertion(NamedTuple):
    """A condition on the place: "^", "$", "b" or "B"."""

    kind: str


class Sequence(NamedTuple):
    """One part after the other."""

    parts: tuple[Tree, ...]


class Choice(NamedTuple):
    """One of several."""

    options: tuple[Tree, ...]


class Repeat(NamedTuple):
    """A repeated part."""

    part: Tree
    least: int
    most: int | None
    """None where there is no limit."""


Tree: TypeAlias = Atom | Assertion | Sequence | Choice | Repeat

_ESCAPED = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDwWsS]|[fnrtv]|[^A-Za-z0-9])", re.DOTALL
)
_COUNT = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}")
_NAME = re.compile(r"\?P?<([A-Za-z_]\w*)>")


def read(pattern: str, *, multiline: bool = False) -> tuple[Tree, str]:
    """The tree of a pattern, and the same pattern in Python's own dialect.

    Raises Unsupported where it is not regular or not understood.
    """
    reader = _Reader(pattern, multiline=multiline)
    tree = reader.choice(0)
    if reader.at != len(pattern):
        raise Unsupported
    return tree, "".join(reader.python)


class _Reader:
    def __init__(self, pattern: str, *, multiline: bool) -> None:
        self.pattern = pattern
        self.at = 0
        self.python: list[str] = []
        self._multiline = multiline

    def _next_is(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def _take(self, text: str) -> None:
        self.at += len(text)
        self.python.append(text)

    def choice(self, depth: int) -> Tree:
        """Alternatives, up to the end or a closing bracket."""
        if depth > MAX_DEPTH:
            raise Unsupported
        options = [self._sequence(depth)]
        while self._next_is("|"):
            self._take("|")
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self, depth: int) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._repeated(self._part(depth)))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self, depth: int) -> Tree:
        character = self.pattern[self.at]
        if character == "(":
            return self._group(depth)
        if character == "[":
            return self._set()
        if character == "\\":
            return self._escape()
        if character in "^$":
            self.at += 1
            self.python.append(character if self._multiline or character == "^" else r"\Z")
            return Assertion(character)
        if character in "*+?":
            raise Unsupported
        self._take(character)
        return Atom("." if character == "." else re.escape(character))

    def _group(self, depth: int) -> Tree:
        self.at += 1
        if self._next_is("?:"):
            self.at += 2
            self.python.append("(?:")
        elif (name := _NAME.match(self.pattern, self.at)) is not None:
            self.at = name.end()
            self.python.append(f"(?P<{name[1]}>")
        elif self._next_is("?"):
            raise Unsupported
        else:
            self.python.append("(")
        inner = self.choice(depth + 1)
        if not self._next_is(")"):
            raise Unsupported
        self._take(")")
        return inner

    def _set(self) -> Tree:
        end = self.at + 1
        if self.pattern.startswith("^", end):
            end += 1
        first = end
        while end < len(self.pattern) and (self.pattern[end] != "]" or end == first):
            end += 2 if self.pattern[end] == "\\" else 1
        if end >= len(self.pattern):
            raise Unsupported
        source = self.pattern[self.at : end + 1]
        if "[:" in source or "\\p" in source or "\\P" in source:
            raise Unsupported
        self._take(source)
        return Atom(source)

    def _escape(self) -> Tree:
        following = self.pattern[self.at + 1 : self.at + 2]
        if following in ("b", "B"):
            self._take("\\" + following)
            return Assertion(following)
        if following in ("A", "Z", "z") and following:
            self.at += 2
            self.python.append(r"\A" if following == "A" else r"\Z")
            if self._multiline:
                raise Unsupported
            return Assertion("^" if following == "A" else "$")
        match = _ESCAPED.match(self.pattern, self.at)
        if match is None:
            raise Unsupported
        self._take(match[0])
        return Atom(match[0])

    def _repeated(self, part: Tree) -> Tree:
        start = self.at
        count = _COUNT.match(self.pattern, self.at)
        if count is not None:
            least = int(count[1])
            most = least if count[2] is None else int(count[3]) if count[3] else None
            self.at = count.end()
        elif self.at < len(self.pattern) and self.pattern[self.at] in "*+?":
            sign = self.pattern[self.at]
            least, most = int(sign == "+"), 1 if sign == "?" else None
            self.at += 1
        else:
            return part
        if self._next_is("?"):  # lazy: the same language
            self.at += 1
        elif self._next_is("+") or self._next_is("*") or _COUNT.match(self.pattern, self.at):
            raise Unsupported
        self.python.append(self.pattern[start : self.at])
        if isinstance(part, Assertion) or (
            most is not None and (most < least or most > MAX_REPEAT)
        ):
            raise Unsupported
        return Repeat(part, least, most)


def paths(tree: Tree, length: int) -> int:
    """How many ways a backtracking matcher can try at most on a text of that length."""
    match tree:
        case Atom() | Assertion():
            return 1
        case Sequence(parts):
            product = 1
            for part in parts:
                product = min(product * paths(part, length), _ENORMOUS)
            return product
        case Choice(options):
            return min(sum(paths(option, length) for option in options), _ENORMOUS)
        case Repeat(part, least, most):
            times = length if most is None else min(most, length)
            inner = paths(part, length)
            if inner == 1:
                return max(times - least, 0) + 1
            return _ENORMOUS if times * inner.bit_length() > 40 else inner ** max(times, 1) * 2
