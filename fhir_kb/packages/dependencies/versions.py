"""Which version of a package is meant: exact ones, wildcards and npm's ranges.

https://hl7.org/fhir/packages.html allows an exact version and the wildcard 1.2.x; npm's ^, ~, the
comparisons and || appear in packages as well (https://github.com/npm/node-semver#ranges). A
pre-release ("2.0.0-ballot") is only taken where it is named, or where there is nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.packages.cache.manifest import is_name
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterable

Numbers: TypeAlias = tuple[int, ...]
Key: TypeAlias = tuple[Numbers, int, tuple[tuple[int, int, str], ...]]

LATEST = "latest"
MOVING = ("current", "dev")
_VERSION = re.compile(
    r"[v=]?(\d{1,9}(?:\.\d{1,9}){0,5})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_PARTIAL = re.compile(r"v?(?:(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?)?(?:\.?[xX*])*")
_WORD = re.compile(r"(\^|~>?|>=|<=|>|<|=)?\s*([0-9A-Za-z.*+_-]+)")
_WILD = re.compile(r"(^|\.)[xX*](\.|$)")


def version_order(version: str) -> Key:
    """A key that puts versions in order by semver's rules; what is no version comes first."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (), 0, ((1, 0, version),)
    numbers = tuple(map(int, found[1].split(".")))
    numbers += (0,) * (3 - len(numbers))
    if found[2] is None:
        return numbers, 1, ()
    label = tuple(
        (0, int(one), "") if one.isdecimal() else (1, 0, one) for one in found[2].split(".")
    )
    return numbers, 0, label


def is_release(version: str) -> bool:
    """Whether a version is no pre-release."""
    return version_order(version)[1] == 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package that somebody asks for. versions: an exact version, a range, or LATEST."""

    name: str
    versions: str = LATEST

    def __str__(self) -> str:
        return f"{self.name}#{self.versions}"

    @property
    def is_exact(self) -> bool:
        """Whether only one version will do."""
        return _VERSION.fullmatch(self.versions) is not None and self.versions.count(".") > 1


def wanted(word: str) -> Wanted:
    """What "name#version", "name@version", "name#1.2.x" or "name" asks for. Raises PackageError."""
    name, _, versions = word.strip().replace("@", "#").partition("#")
    return _checked(Wanted(name, versions.strip() or LATEST), word)


def needed(name: str, versions: str) -> Wanted:
    """What a line of a package's dependencies asks for. Raises PackageError.

    "npm:other@1.0.0" stands for another package under this name, as npm has it.
    """
    if versions.startswith("npm:"):
        name, _, versions = versions.removeprefix("npm:").partition("@")
    return _checked(Wanted(name, versions.strip() or LATEST), f"{name}: {versions}")


def _checked(one: Wanted, word: str) -> Wanted:
    if not is_name(one.name):
        raise PackageError(
            f"'{word[:200]}' names no package", "Write name#version, such as hl7.fhir.uv.cpg#2.0.0"
        )
    if one.versions in MOVING or one.versions.startswith("current$"):
        raise PackageError(
            f"'{one}' is not taken: what it means changes from day to day",
            "Name a published version, or give the package as a .tgz file or folder",
        )
    _alternatives(one.versions)
    return one


def choose(one: Wanted, versions: Iterable[str], latest: str = "") -> str | None:
    """The version to take of those there are; None where none will do.

    latest: what the registry calls so; without it the newest is, a release if there is one.
    """
    known = sorted(versions, key=version_order)
    if one.versions in (LATEST, "*", "x", "X"):
        releases = [version for version in known if is_release(version)]
        return latest if latest in known else next(reversed(releases or known), None)
    if one.versions in known:
        return one.versions
    alternatives = _alternatives(one.versions)
    return next((v for v in reversed(known) if any(_fits(v, a) for a in alternatives)), None)


Bound: TypeAlias = tuple[str, str]
"""A comparison and a version: (">=", "1.2.0")."""


def _alternatives(versions: str) -> list[list[Bound]]:
    """What `||` separates: each the bounds that a version has to keep. Raises PackageError."""
    if versions in (LATEST, ""):
        return [[]]
    return [_bounds(part, versions) for part in versions[:200].split("||")]


def _bounds(part: str, whole: str) -> list[Bound]:
    low, dash, high = part.partition(" - ")
    if dash:
        return [*_word(">=", low.strip(), whole), *_word("<=", high.strip(), whole)]
    words = list(_WORD.finditer(part))
    if _WORD.sub("", part).strip() or not words:
        raise _unclear(whole)
    return [bound for word in words for bound in _word(word[1] or "", word[2], whole)]


def _word(sign: str, version: str, whole: str) -> list[Bound]:
    """The bounds that one word sets. Raises PackageError."""
    is_whole = _VERSION.fullmatch(version) is not None and version.count(".") > 1
    if is_whole and sign in ("", "="):
        return [("=", version)]
    if is_whole and not sign.startswith(("^", "~")):
        return [(sign, version)]
    partial = _PARTIAL.fullmatch(version.partition("-")[0].partition("+")[0])
    if partial is None or (not is_whole and "-" in version):
        raise _unclear(whole)
    given = [int(one) for one in partial.groups() if one is not None]
    if not given:
        return []
    floor = version if is_whole else _text(given)
    if sign in ("", "="):
        sign = "~" if len(given) > 1 else "^"
        given = given or [0]
    if sign.startswith(("^", "~")):
        return [(">=", floor), ("<", _above(given, sign[0]))]
    if sign in (">", "<="):  # "> 1.2" is at least 1.3, "<= 1.2" is less than 1.3
        return [(">=" if sign == ">" else "<", _text([*given[:-1], given[-1] + 1]))]
    return [(sign, floor)]


def _above(given: list[int], sign: str) -> str:
    """The first version beyond `^1.2.3` or `~1.2.3`."""
    if sign == "~":
        at = min(1, len(given) - 1)
    else:
        at = next((n for n, number in enumerate(given) if number), len(given) - 1)
    return _text([*given[:at], given[at] + 1])


def _text(numbers: list[int]) -> str:
    return ".".join(map(str, [*numbers, 0, 0][:3]))


def _fits(version: str, bounds: list[Bound]) -> bool:
    key = version_order(version)
    if not key[0]:
        return False
    named = {version_order(bound)[0] for _, bound in bounds if not is_release(bound)}
    if not key[1] and key[0] not in named:
        return False
    return all(_keeps(key, sign, version_order(bound)) for sign, bound in bounds)


def _keeps(key: Key, sign: str, bound: Key) -> bool:
    if sign == "=":
        return key == bound
    if sign.startswith(">"):
        return key > bound or (sign == ">=" and key == bound)
    return key < bound or (sign == "<=" and key == bound)


def _unclear(versions: str) -> PackageError:
    return PackageError(
        f"'{versions[:200]}' is no version or range of versions",
        "Write a version (1.2.3), a wildcard (1.2.x), a range (^1.2.0, ~1.2.0, >=1.0.0) or latest",
    )
