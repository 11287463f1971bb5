"""Package versions: exact ones, wildcards and npm's ranges, and which version to take.

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
VersionKey: TypeAlias = tuple[Numbers, int, tuple[tuple[int, int, str], ...]]

LATEST = "latest"
MOVING = ("current", "dev")
_VERSION = re.compile(
    r"[v=]?(\d{1,9}(?:\.\d{1,9}){0,5})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_PARTIAL = re.compile(r"v?(?:(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?)?(?:\.?[xX*])*")
_COMPARATOR = re.compile(r"(\^|~>?|>=|<=|>|<|=)?\s*([0-9A-Za-z.*+_-]+)")


def version_order(version: str) -> VersionKey:
    """A key that sorts versions by semver's rules; what is no version comes first."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (), 0, ((1, 0, version),)
    numbers = tuple(map(int, match[1].split(".")))
    numbers += (0,) * (3 - len(numbers))
    if match[2] is None:
        return numbers, 1, ()
    label = tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in match[2].split(".")
    )
    return numbers, 0, label


def is_release(version: str) -> bool:
    """Whether a version is no pre-release."""
    return version_order(version)[1] == 1


@dataclass(frozen=True, slots=True)
class PackageRequirement:
    """A package that is required, in a version or a range of versions."""

    name: str
    versions: str = LATEST
    """An exact version, a range, or LATEST."""

    def __str__(self) -> str:
        return f"{self.name}#{self.versions}"

    @property
    def is_exact(self) -> bool:
        """Whether it names one version."""
        return _VERSION.fullmatch(self.versions) is not None and self.versions.count(".") > 1

    @property
    def is_moving(self) -> bool:
        """Whether it names a build whose content changes: "current", "dev", "current$branch"."""
        return self.versions in MOVING or self.versions.startswith("current$")


def parse_requirement(text: str) -> PackageRequirement:
    """The requirement that a user writes, for example as an option of the command line.

    Args:
        text: "name#version", "name@version", "name#1.2.x" or "name".

    Raises:
        PackageError: The text names no package or no version.
    """
    name, _, versions = text.strip().replace("@", "#").partition("#")
    requirement = _checked(PackageRequirement(name, versions.strip() or LATEST), text)
    if requirement.is_moving:
        raise PackageError(
            f"'{requirement}' cannot be used: its content changes from build to build",
            "Name a published version, or give the package as a .tgz file or folder",
        )
    return requirement


def dependency_requirement(name: str, versions: str) -> PackageRequirement:
    """The requirement of an entry of a package's dependencies.

    Args:
        name: The name of the package. "alias@npm:other" stands for `other`.
        versions: A version or range; also "current" or "dev". "npm:other@1.0.0" stands for another
            package under this name, as npm has it.

    Raises:
        PackageError: The entry names no package or no version.
    """
    text = f"{name}: {versions}"
    if "@npm:" in name:
        name = name.partition("@npm:")[2].partition("@")[0]
    if versions.startswith("npm:"):
        name, _, versions = versions.removeprefix("npm:").partition("@")
    return _checked(PackageRequirement(name, versions.strip() or LATEST), text)


def _checked(requirement: PackageRequirement, text: str) -> PackageRequirement:
    if not is_name(requirement.name):
        raise PackageError(
            f"'{text[:200]}' names no package", "Write name#version, such as hl7.fhir.uv.cpg#2.0.0"
        )
    if not requirement.is_moving:
        _alternatives(requirement.versions)
    return requirement


def choose_version(
    requirement: PackageRequirement, versions: Iterable[str], latest: str = ""
) -> str | None:
    """The version to take.

    Args:
        requirement: What is required.
        versions: The versions that there are.
        latest: The version that the registry tags as latest; without it the newest is taken, a
            release if there is one.

    Returns:
        One of the versions; None where none meets the requirement.
    """
    ordered = sorted(versions, key=version_order)
    if requirement.versions in (LATEST, "*", "x", "X"):
        releases = [version for version in ordered if is_release(version)]
        return latest if latest in ordered else next(reversed(releases or ordered), None)
    if requirement.versions in ordered:
        return requirement.versions
    if requirement.is_moving:
        return None
    alternatives = _alternatives(requirement.versions)
    return next((v for v in reversed(ordered) if any(_fits(v, a) for a in alternatives)), None)


Bound: TypeAlias = tuple[str, str]
"""A comparison and a version: (">=", "1.2.0")."""


def _alternatives(versions: str) -> list[list[Bound]]:
    """The parts that `||` separates, each as bounds of the version. Raises PackageError."""
    if versions in (LATEST, ""):
        return [[]]
    return [_bounds(part, versions) for part in versions[:200].split("||")]


def _bounds(part: str, versions: str) -> list[Bound]:
    low, dash, high = part.partition(" - ")
    if dash:
        return [
            *_comparator_bounds(">=", low.strip(), versions),
            *_comparator_bounds("<=", high.strip(), versions),
        ]
    comparators = list(_COMPARATOR.finditer(part))
    if _COMPARATOR.sub("", part).strip() or not comparators:
        raise _unreadable(versions)
    return [
        bound
        for comparator in comparators
        for bound in _comparator_bounds(comparator[1] or "", comparator[2], versions)
    ]


def _comparator_bounds(sign: str, version: str, versions: str) -> list[Bound]:
    """The bounds of one comparator such as "^1.2". Raises PackageError."""
    is_full = _VERSION.fullmatch(version) is not None and version.count(".") > 1
    if is_full and sign in ("", "="):
        return [("=", version)]
    if is_full and not sign.startswith(("^", "~")):
        return [(sign, version)]
    partial = _PARTIAL.fullmatch(version.partition("-")[0].partition("+")[0])
    if partial is None or (not is_full and "-" in version):
        raise _unreadable(versions)
    numbers = [int(number) for number in partial.groups() if number is not None]
    if not numbers:
        return []
    floor = version if is_full else _text(numbers)
    if sign in ("", "="):
        sign = "~" if len(numbers) > 1 else "^"
    if sign.startswith(("^", "~")):
        return [(">=", floor), ("<", _upper_bound(numbers, sign[0]))]
    if sign in (">", "<="):  # "> 1.2" is at least 1.3, "<= 1.2" is less than 1.3
        return [(">=" if sign == ">" else "<", _text([*numbers[:-1], numbers[-1] + 1]))]
    return [(sign, floor)]


def _upper_bound(numbers: list[int], sign: str) -> str:
    """The first version beyond `^1.2.3` or `~1.2.3`."""
    if sign == "~":
        at = min(1, len(numbers) - 1)
    else:
        at = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    return _text([*numbers[:at], numbers[at] + 1])


def _text(numbers: list[int]) -> str:
    return ".".join(map(str, [*numbers, 0, 0][:3]))


def _fits(version: str, bounds: list[Bound]) -> bool:
    key = version_order(version)
    if not key[0]:
        return False
    pre_releases = {version_order(bound)[0] for _, bound in bounds if not is_release(bound)}
    if not key[1] and key[0] not in pre_releases:
        return False
    return all(_is_within(key, sign, version_order(bound)) for sign, bound in bounds)


def _is_within(key: VersionKey, sign: str, bound: VersionKey) -> bool:
    if sign == "=":
        return key == bound
    if sign.startswith(">"):
        return key > bound or (sign == ">=" and key == bound)
    return key < bound or (sign == "<=" and key == bound)


def _unreadable(versions: str) -> PackageError:
    return PackageError(
        f"'{versions[:200]}' is not a version or range of versions",
        "Write a version (1.2.3), a wildcard (1.2.x), a range (^1.2.0, ~1.2.0, >=1.0.0) or latest",
    )
