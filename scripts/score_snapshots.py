"""Score snapshot generation on a suite like HL7's: score_snapshots.py SUITE PACKAGE…

SUITE: a folder with manifest.xml, <id>-input.* and <id>-expected.*. PACKAGE: folders or .tgz of
FHIR packages. Two numbers are told:

- shape: of all elements, in order, the ids, cardinalities, names of slices and codes of types are
  those expected, or the profile is refused where it must be;
- whole: besides, paths, profiles and targets of types, slicing (discriminators, rules), fixed
  values, patterns, bindings (strength, value set), base, the keys of constraints, mustSupport,
  isModifier, content references. Texts, mappings, examples and extensions are not compared.

Tests whose fixtures or bases are not there are left out, and counted. Failures are printed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defusedxml.ElementTree import parse as parse_tree

from fhir_kb.packages import (
    CanonicalChain,
    InMemoryCanonicals,
    PackageSet,
    definitions,
    open_package,
)
from fhir_kb.packages.snapshots import SnapshotError, snapshot
from fhir_kb.validate.input.json import parse
from fhir_kb.validate.input.xml import parse_xml

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.packages import Canonicals

#: What the names of properties with values begin with.
VALUES = ("fixed", "pattern", "minValue", "maxValue", "defaultValue", "maxLength")


def read(path: Path) -> Any:
    """A resource from a JSON or XML file."""
    data = path.read_bytes()
    if path.suffix == ".xml":
        return parse_xml(data, definitions("5.0.0")).value
    return parse(data).value


def fixture(suite: Path, name: str) -> Any:
    """The fixture of that name, or None where the suite does not have it."""
    for suffix in (".json", ".xml"):
        if (path := suite / (name + suffix)).is_file():
            return read(path)
    return None


def shape(element: Any) -> dict[str, Any]:
    """What of an element is compared first."""
    told = {name: element.get(name) for name in ("id", "min", "max", "sliceName")}
    return told | {"type": sorted(str(ref.get("code")) for ref in element.get("type", ()))}


def whole(element: Any) -> dict[str, Any]:
    """What of an element is compared at most."""
    slicing = element.get("slicing", {})
    by = [(one.get("type"), one.get("path")) for one in slicing.get("discriminator", ())]
    binding = element.get("binding", {})
    return shape(element) | {
        "path": element.get("path"),
        "base": element.get("base"),
        "slicing": (by, slicing.get("rules")),
        "targets": sorted(targets(one) for one in element.get("type", ())),
        "values": {key: one for key, one in element.items() if key.startswith(VALUES)},
        "binding": (binding.get("strength"), binding.get("valueSet")),
        "constraint": sorted({one.get("key") for one in element.get("constraint", ())}),
        "flags": [bool(element.get(name)) for name in ("mustSupport", "isModifier")],
        "contentReference": element.get("contentReference"),
    }


def targets(ref: Any) -> tuple[Any, ...]:
    """A type with its profiles."""
    return tuple(tuple(sorted(ref.get(name, ()))) for name in ("profile", "targetProfile"))


def difference(made: Any, expected: Any, view: Callable[[Any], dict[str, Any]]) -> str:
    """The first difference in words, or ""."""
    ours, theirs = ([view(e) for e in one["snapshot"]["element"]] for one in (made, expected))
    for mine, other in zip(ours, theirs, strict=False):
        wrong = [
            f"{key} {mine[key]} is not {other[key]}" for key in mine if mine[key] != other[key]
        ]
        if wrong:
            return f"{mine['id']}: {'; '.join(wrong)}"
    return "" if len(ours) == len(theirs) else f"{len(ours)} elements, not {len(theirs)}"


def fixtures(suite: Path, test: Any) -> tuple[Any, list[Any], Any] | None:
    """What a test is about, what it needs, and what comes of it; None where some are missing."""
    must_fail = test.get("fail") == "true"
    name = test.get("id")
    needed = ",".join(test.get(one) or "" for one in ("register", "include"))
    named = [f"{name}-input", *(one for one in needed.split(",") if one)]
    given, *registered = (fixture(suite, one) or fixture(suite, one + "-input") for one in named)
    expected = None if must_fail else fixture(suite, f"{name}-expected")
    if given is None or None in registered or not (must_fail or "snapshot" in (expected or {})):
        return None
    return given, registered, expected


def is_known(definition: Any, known: Canonicals) -> bool:
    """Whether the definition's base is at hand."""
    base = definition.get("baseDefinition", "")
    return known.find(base, "StructureDefinition") is not None


def outcome(suite: Path, test: Any, known: Canonicals) -> tuple[str, str] | None:
    """What is wrong with the shape, and with the whole, "" if nothing is; None: left out."""
    found = fixtures(suite, test)
    if found is None:
        return None
    given, registered, expected = found
    for one in (given, *registered):
        # HL7's runner makes the snapshots of what it registers itself, where it can.
        if one is given or (
            "differential" in one
            and is_known(one, CanonicalChain(InMemoryCanonicals(registered), known))
        ):
            one.pop("snapshot", None)
    if expected is not None and not is_known(
        given, CanonicalChain(InMemoryCanonicals(registered), known)
    ):
        return None
    try:
        strict = test.get("allow") == "none"
        made = snapshot(given, CanonicalChain(InMemoryCanonicals(registered), known), strict=strict)
    except SnapshotError as error:
        wrong = "" if expected is None else f"refused: {error}"
        return wrong, wrong
    if expected is None:
        return ("it must be refused",) * 2
    return difference(made, expected, shape), difference(made, expected, whole)


def results(suite: Path, packages: list[Path]) -> list[tuple[str, tuple[str, str] | None]]:
    """What came of each test, by name: see outcome."""
    tests = [one for one in parse_tree(suite / "manifest.xml").iter() if one.get("id")]
    # A test may be about a profile of an earlier one, as in HL7's own runner.
    names = [f"{one.get('id')}-input" for one in tests if not one.get("fail")]
    names += [name for one in tests for name in (one.get("register") or "").split(",")]
    others = [fixture(suite, name) for name in names if name]
    known = CanonicalChain(
        PackageSet([open_package(one) for one in packages]),
        InMemoryCanonicals([one for one in others if one is not None]),
    )
    return [(str(one.get("id")), outcome(suite, one, known)) for one in tests]


def main(suite: Path, packages: list[Path]) -> None:
    """Print the failures and the score."""
    found = results(suite, packages)
    counted = [wrong for _, wrong in found if wrong is not None]
    for name, wrong in found:
        if wrong and any(wrong):
            print(f"{name}: {wrong[0] or 'whole: ' + wrong[1]}"[:300])
    for at, view in enumerate(("shape", "whole")):
        print(f"{view}: {sum(not wrong[at] for wrong in counted)} of {len(counted)}")
    print(f"left out: {len(found) - len(counted)} without all fixtures and bases")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
