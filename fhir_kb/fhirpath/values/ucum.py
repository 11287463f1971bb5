"""UCUM: parse units, and convert between them exactly (fractions, no rounding)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import TypeAlias

from fhir_kb.fhirpath.values.ucum_units import (
    ALIASES,
    ARBITRARY,
    BASE,
    BINARY_PREFIXES,
    DEFINITIONS,
    METRIC_ARBITRARY,
    METRIC_SPECIAL,
    PREFIXES,
    SPECIAL,
)

MAX_LENGTH = 200
MAX_EXPONENT = 60

Dimension: TypeAlias = "frozenset[tuple[str, int]]"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in base units: `factor` times the bases to their powers."""

    factor: Fraction
    dimension: Dimension
    special: str = ""
    """The code of a unit on a scale of its own (Cel), which no factor converts."""


_ANNOTATION = re.compile(r"\{[!-z|~]*\}")
_NUMBER = re.compile(r"\d+")
_SPLIT = re.compile(r"([./])(?![^\[]*\])")
_SIMPLE = re.compile(r"((?:10[*^]|\[[^\[\]]*\]|[A-Za-z%'_])+)([+-]?\d+)?")


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit | None:
    """The unit that a UCUM code (case-sensitive) stands for; None where it is no UCUM code."""
    if not code or len(code) > MAX_LENGTH or not code.isascii():
        return None
    reader = _Reader(code)
    parsed = reader.term(nested=False)
    return parsed if reader.is_done else None


def factor(source: str, target: str) -> Fraction | None:
    """The factor that converts a number in `source` to `target`; None where there is none."""
    if source == target:
        return Fraction(1)
    from_unit, to_unit = unit(source), unit(target)
    if from_unit is None or to_unit is None or from_unit.dimension != to_unit.dimension:
        return None
    if from_unit.special or to_unit.special:
        return Fraction(1) if from_unit == to_unit else None
    return from_unit.factor / to_unit.factor


@lru_cache(maxsize=1024)
def parts(code: str) -> tuple[tuple[str, int], ...] | None:
    """The simple units of a code with their powers: "g/m2" -> (("g", 1), ("m", -2)).

    None for codes with brackets or numbers, which are no product of simple units.
    """
    units: list[tuple[str, int]] = []
    sign = 1
    for piece in _SPLIT.split(code):
        if piece in ("", ".", "/"):
            sign = -1 if piece == "/" else sign if piece == "" else 1
            continue
        match = _SIMPLE.fullmatch(_ANNOTATION.sub("", piece))
        if match is None and piece != "1":
            return None
        if match is not None:
            units.append((match[1], sign * int(match[2] or 1)))
        sign = 1
    return tuple(units)


@cache
def _atoms() -> dict[str, tuple[bool, str]]:
    """Code -> (takes prefixes, "factor unit")."""
    atoms: dict[str, tuple[bool, str]] = {}
    for line in DEFINITIONS.strip().splitlines():
        code, definition = line.split(" ", 1)
        metric = code.startswith("+")
        atoms[code[metric:]] = (metric, definition)
    return atoms


@cache
def _atom(code: str) -> Unit | None:
    code = ALIASES.get(code, code)
    if code in BASE or code in ARBITRARY:
        return Unit(Fraction(1), frozenset({(code, 1)}))
    if code in SPECIAL:
        return Unit(Fraction(1), frozenset({(code, 1)}), code)
    if code not in _atoms():
        return None
    number, definition = _atoms()[code][1].split(" ")
    defined = unit(definition)
    return None if defined is None else Unit(Fraction(number) * defined.factor, defined.dimension)


def _is_metric(code: str) -> bool:
    code = ALIASES.get(code, code)
    atom = _atoms().get(code)
    is_listed = code in BASE or code in METRIC_ARBITRARY or code in METRIC_SPECIAL
    return is_listed or (atom is not None and atom[0])


@lru_cache(maxsize=4096)
def _simple(code: str) -> Unit | None:
    """An atom, with or without a prefix."""
    if (unprefixed := _atom(code)) is not None:
        return unprefixed
    for length in (2, 1):
        prefix, atom = code[:length], code[length:]
        if not _is_metric(atom):
            continue
        base = _atom(atom)
        if base is not None and prefix in PREFIXES:
            scale = Fraction(10) ** PREFIXES[prefix]
            return Unit(base.factor * scale, base.dimension, code if base.special else "")
        if base is not None and prefix in BINARY_PREFIXES and atom in ("bit", "By", "Bd"):
            return Unit(base.factor * 2 ** BINARY_PREFIXES[prefix], base.dimension)
    return None


def _power(base: Unit, exponent: int) -> Unit | None:
    if abs(exponent) > MAX_EXPONENT:
        return None
    dimension = frozenset((name, power * exponent) for name, power in base.dimension)
    return Unit(base.factor**exponent, dimension if exponent else frozenset(), base.special)


def _product(left: Unit, right: Unit) -> Unit:
    powers = dict(left.dimension)
    for name, power in right.dimension:
        powers[name] = powers.get(name, 0) + power
    dimension = frozenset((name, power) for name, power in powers.items() if power)
    return Unit(left.factor * right.factor, dimension, left.special or right.special)


class _Reader:
    """The grammar: term = [/] component {(. or /) component}; component = [unit] [{note}]."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at == len(self._code)

    def _next_is(self, character: str) -> bool:
        return self._code.startswith(character, self._at)

    def term(self, *, nested: bool) -> Unit | None:
        result = Unit(Fraction(1), frozenset())
        inverse = self._next_is("/")
        self._at += inverse
        while True:
            part = self._component()
            powered = None if part is None else _power(part, -1 if inverse else 1)
            if powered is None:
                return None
            result = _product(result, powered)
            if self.is_done or (nested and self._next_is(")")):
                return result
            if not (self._next_is(".") or self._next_is("/")):
                return None
            inverse = self._next_is("/")
            self._at += 1

    def _component(self) -> Unit | None:
        component: Unit | None = None
        if self._next_is("("):
            self._at += 1
            component = self.term(nested=True)
            if component is None or not self._next_is(")"):
                return None
            self._at += 1
        elif (match := _SIMPLE.match(self._code, self._at)) is not None:
            component = self._simple_unit(match)
            if component is None:
                return None
        elif (match := _NUMBER.match(self._code, self._at)) is not None:
            self._at = match.end()
            if len(match[0]) > 20:
                return None
            component = Unit(Fraction(match[0]), frozenset())
        if (note := _ANNOTATION.match(self._code, self._at)) is not None:
            self._at = note.end()
            component = component or Unit(Fraction(1), frozenset())
        return component if component is not None and component.factor else None

    def _simple_unit(self, match: re.Match[str]) -> Unit | None:
        base = _simple(match[1])
        self._at = match.end()
        if base is None or not match[2]:
            return base
        return _power(base, int(match[2])) if len(match[2]) <= 4 else None
