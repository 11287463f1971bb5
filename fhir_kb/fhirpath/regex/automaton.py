"""A regular expression as an automaton, whose states are made when they are first reached."""

from __future__ import annotations

import re
import warnings

from fhir_kb.fhirpath.errors import FHIRPathLimitError
from fhir_kb.fhirpath.regex.tree import Assertion, Atom, Choice, Repeat, Sequence, Tree

MAX_STATES = 5_000
MAX_WORK = 10**7
MAX_REMEMBERED = 2_000

_START, _WORD, _LINE_END = 1, 2, 4


class _State:
    """A set of places in the pattern, and what kind of character was read before."""

    __slots__ = ("before", "ends", "places", "table")

    def __init__(self, places: frozenset[int], before: int) -> None:
        self.places = places
        self.before = before
        self.table: dict[str, _State | None] = {}
        """Character -> next state."""
        self.ends: bool | None = None


class _Mode:
    """The states made so far for one kind of matching: anywhere in the text, or all of it."""

    def __init__(self, start: int, *, full: bool) -> None:
        self.full = full
        self.first = _State(frozenset((start,)), _START)
        self.states: dict[tuple[frozenset[int], int], _State] = {}


class Automaton:
    """Matches a text in time proportional to its length."""

    def __init__(self, tree: Tree, *, ignores_case: bool, multiline: bool) -> None:
        self._multiline = multiline
        self._looks_back = multiline
        self._options = re.DOTALL | (re.IGNORECASE if ignores_case else 0)
        self._atoms: dict[str, re.Pattern[str]] = {}
        self._free: list[list[tuple[str, int]]] = []  # state -> (assertion or "", next state)
        self._reading: list[tuple[re.Pattern[str], int] | None] = []
        self._start = self._state()
        self._end = self._build(tree, self._start)
        self._modes = {full: _Mode(self._start, full=full) for full in (False, True)}

    def _state(self) -> int:
        if len(self._free) >= MAX_STATES:
            raise FHIRPathLimitError("the pattern is too large")
        self._free.append([])
        self._reading.append(None)
        return len(self._free) - 1

    def _join(self, source: int, target: int, assertion: str = "") -> None:
        self._free[source].append((assertion, target))

    def _build(self, tree: Tree, start: int) -> int:
        """Add the tree after `start`; the state in which it is matched."""
        match tree:
            case Atom(source):
                end = self._state()
                self._reading[start] = (self._atom(source), end)
                return end
            case Assertion(kind):
                self._looks_back = self._looks_back or kind in ("b", "B")
                end = self._state()
                self._join(start, end, kind)
                return end
            case Sequence(parts):
                for part in parts:
                    start = self._build(part, start)
                return start
            case Choice(options):
                end = self._state()
                for option in options:
                    first = self._state()
                    self._join(start, first)
                    self._join(self._build(option, first), end)
                return end
            case Repeat(part, least, most):
                return self._repeat(part, least, most, start)

    def _repeat(self, part: Tree, least: int, most: int | None, start: int) -> int:
        for _ in range(least):
            start = self._build(part, start)
        end = self._state()
        if most is None:
            loop = self._state()
            self._join(start, loop)
            self._join(loop, end)
            first = self._state()
            self._join(loop, first)
            self._join(self._build(part, first), loop)
            return end
        self._join(start, end)
        for _ in range(most - least):
            first = self._state()
            self._join(start, first)
            start = self._build(part, first)
            self._join(start, end)
        return end

    def _atom(self, source: str) -> re.Pattern[str]:
        atom = self._atoms.get(source)
        if atom is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                atom = self._atoms[source] = re.compile(source, self._options)
        return atom

    @property
    def size(self) -> int:
        """How many places a step has to look at, at most."""
        return len(self._free)

    def matches(self, text: str, *, full: bool) -> bool:
        """Whether the pattern is found in `text`, or with `full` matches all of it."""
        if len(self._free) * len(text) > MAX_WORK:
            raise FHIRPathLimitError("the pattern could take too long on this text")
        mode = self._modes[full]
        state: _State | None = mode.first
        for character in text:
            if state is None:  # it has matched already, or cannot match
                return not full
            if character in state.table:
                state = state.table[character]
            else:
                state = self._advance(mode, state, character)
        return not full if state is None else self._ends(state)

    def _advance(self, mode: _Mode, state: _State, character: str) -> _State | None:
        """What follows `state`; None: it has matched, or with `full` cannot."""
        reached = self._closure(state.places, state.before, character)
        following: _State | None = None
        if mode.full or self._end not in reached:
            places = {
                reading[1]
                for place in reached
                if (reading := self._reading[place]) is not None and reading[0].match(character)
            }
            if not mode.full:
                places.add(self._start)
            if places:
                following = self._state_of(mode, frozenset(places), self._context(character))
        state.table[character] = following
        return following

    def _state_of(self, mode: _Mode, places: frozenset[int], before: int) -> _State:
        if len(mode.states) > MAX_REMEMBERED:
            mode.states.clear()
            mode.first.table.clear()
        state = mode.states.get((places, before))
        if state is None:
            state = mode.states[places, before] = _State(places, before)
        return state

    def _ends(self, state: _State) -> bool:
        if state.ends is None:
            state.ends = self._end in self._closure(state.places, state.before, "")
        return state.ends

    def _context(self, character: str) -> int:
        if not self._looks_back:
            return 0
        return (_WORD if character.isalnum() or character == "_" else 0) | (
            _LINE_END if character == "\n" else 0
        )

    def _closure(self, states: frozenset[int], before: int, character: str) -> set[int]:
        reached = set(states)
        rest = list(states)
        while rest:
            for assertion, target in self._free[rest.pop()]:
                if target not in reached and self._holds(assertion, before, character):
                    reached.add(target)
                    rest.append(target)
        return reached

    def _holds(self, assertion: str, before: int, character: str) -> bool:
        match assertion:
            case "":
                return True
            case "^":
                return before == _START or (self._multiline and bool(before & _LINE_END))
            case "$":
                return not character or (self._multiline and character == "\n")
        after = bool(character) and (character.isalnum() or character == "_")
        at_edge = bool(before & _WORD) != after
        return at_edge if assertion == "b" else not at_edge
