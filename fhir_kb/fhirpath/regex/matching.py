"""Matching and replacing by a pattern, whichever of the two matchers does it."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from functools import cached_property, lru_cache

from fhir_kb.fhirpath.errors import FHIRPathExecutionError, FHIRPathLimitError
from fhir_kb.fhirpath.regex.automaton import Automaton
from fhir_kb.fhirpath.regex.tree import Tree, Unsupported, paths, read

MAX_PATTERN = 5_000
MAX_PATHS = 2 * 10**7
MAX_TEXT = 2**31
MAX_UNREAD = 64
"""The longest text for a pattern that only `re` understands (look-around, back-references)."""


def matches(pattern: str, text: str, *, flags: str = "", full: bool = False) -> bool:
    """Whether a pattern matches a text.

    Args:
        pattern: The regular expression; a dot matches line ends, too.
        text: The text.
        flags: "i" ignores case, "m" lets ^ and $ match at line ends.
        full: Whether the whole text has to match, instead of a part of it.

    Raises:
        FHIRPathExecutionError: The pattern is not valid.
        FHIRPathLimitError: Matching could take too long.
    """
    return _compiled(pattern, flags).matches(text, full=full)


def cost(pattern: str, length: int, *, flags: str = "") -> int:
    """The most that matching a text of that length costs, in units of about 10 ns."""
    return _compiled(pattern, flags).cost(length)


def replace(pattern: str, text: str, substitution: str, *, flags: str = "") -> str:
    """The text with every match replaced; an empty pattern replaces nothing.

    Raises as `matches` does.
    """
    if not pattern:
        return text
    compiled = _compiled(pattern, flags)
    if not compiled.is_quick(len(text)):
        raise FHIRPathLimitError("replacing by this pattern could take too long on this text")
    matcher = compiled.backtracking
    template = _template(substitution, matcher)
    return matcher.sub(lambda match: "".join(_piece(match, part) for part in template), text)


class _Pattern:
    def __init__(self, pattern: str, flags: str) -> None:
        self._pattern = pattern
        self._ignores_case = "i" in flags
        self._multiline = "m" in flags
        self._python = pattern
        self._tree: Tree | None = None
        self._quick_to, self._slow_from = -1, MAX_TEXT
        with suppress(Unsupported):  # is_quick and automaton refuse the pattern where need be
            self._tree, self._python = read(pattern, multiline=self._multiline)

    def matches(self, text: str, *, full: bool) -> bool:
        """Whether the pattern is found in the text, or matches the whole of it."""
        if self.is_quick(len(text)):
            match = self.backtracking.fullmatch if full else self.backtracking.search
            return match(text) is not None
        return self.automaton.matches(text, full=full)

    def cost(self, length: int) -> int:
        """See the function of that name."""
        if self._tree is None:
            return 1 << min(length, 20)
        if self.is_quick(length):
            return paths(self._tree, length) * (length + 1)
        return self.automaton.size * length

    def is_quick(self, length: int) -> bool:
        """Whether `re` certainly needs little time for a text of that length."""
        if length <= self._quick_to:
            return True
        if length >= self._slow_from:
            return False
        if self._tree is None:
            if length > MAX_UNREAD or len(self._pattern) > MAX_UNREAD:
                raise FHIRPathLimitError("the pattern could take too long on this text")
            return True
        if paths(self._tree, length) * (length + 1) <= MAX_PATHS:
            self._quick_to = length
            return True
        self._slow_from = length
        return False

    @cached_property
    def backtracking(self) -> re.Pattern[str]:
        options = re.DOTALL
        options |= re.IGNORECASE if self._ignores_case else 0
        options |= re.MULTILINE if self._multiline else 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "possible nested set": it is right as written
                return re.compile(self._python, options)
        except (re.error, OverflowError, RecursionError) as error:
            raise FHIRPathExecutionError(
                f"'{self._pattern}' is not a regular expression: {error}"
            ) from error

    @cached_property
    def automaton(self) -> Automaton:
        _ = self.backtracking  # reports what is no pattern
        if self._tree is None:
            raise FHIRPathLimitError("the pattern could take too long on this text")
        return Automaton(self._tree, ignores_case=self._ignores_case, multiline=self._multiline)


@lru_cache(maxsize=1024)
def _compiled(pattern: str, flags: str) -> _Pattern:
    if len(pattern) > MAX_PATTERN:
        raise FHIRPathLimitError(f"the pattern is longer than {MAX_PATTERN} characters")
    return _Pattern(pattern, "".join(sorted(set(flags))))


_REFERENCE = re.compile(r"\$(\d{1,2})|\$\{(\w+)\}|\\(\d{1,2})|\\(.)", re.DOTALL)


def _template(text: str, matcher: re.Pattern[str]) -> list[str | int]:
    """The substitution as pieces: texts, and the numbers of groups."""
    pieces: list[str | int] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        pieces.append(text[end : match.start()])
        end = match.end()
        if match[4] is not None:
            pieces.append(match[4])
            continue
        name = match[1] or match[2] or match[3]
        number = int(name) if name.isdecimal() else matcher.groupindex.get(name, -1)
        if not 0 <= number <= matcher.groups:
            raise FHIRPathExecutionError(f"the pattern has no group '{name}'")
        pieces.append(number)
    pieces.append(text[end:])
    return pieces


def _piece(match: re.Match[str], part: str | int) -> str:
    return part if isinstance(part, str) else match[part] or ""
