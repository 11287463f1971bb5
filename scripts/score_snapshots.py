"""Score snapshot generation on a suite like HL7's: score_snapshots.py SUITE PACKAGE…

SUITE: a folder with manifest.xml, <id>-input.* and <id>-expected.*. PACKAGE: folders or .tgz of
FHIR packages. A test counts as met if ids, cardinalities, types and slicing of all elements are
those expected (not texts), or if it is refused where it must be. Failures are printed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import parse as parse_tree

from fhir_kb.packages import Chain, Loaded, PackageSet, definitions, open_package
from fhir_kb.packages.snapshots import SnapshotError, snapshot
from fhir_kb.validate.fhir.parse import parse
from fhir_kb.validate.fhir.xml_parse import parse_xml


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


def shape(definition: Any) -> list[tuple[Any, ...]]:
    """What of a snapshot is compared."""
    return [
        (*(one.get(name) for name in ("id", "min", "max", "sliceName")), codes(one))
        for one in definition["snapshot"]["element"]
    ]


def codes(element: Any) -> list[str]:
    """The codes of an element's types, in order."""
    return sorted(str(ref.get("code")) for ref in element.get("type", ()))


def difference(made: Any, expected: Any) -> str:
    """The first difference in words, or ""."""
    ours, theirs = shape(made), shape(expected)
    for mine, other in zip(ours, theirs, strict=False):
        if mine != other:
            return f"{mine} is not {other}"
    return "" if len(ours) == len(theirs) else f"{len(ours)} elements, not {len(theirs)}"


def outcome(suite: Path, test: Any, packages: PackageSet) -> str | None:
    """What is wrong, "" if nothing is; None where fixtures are missing."""
    name = test.get("id")
    given = fixture(suite, f"{name}-input")
    registered = [fixture(suite, one) for one in (test.get("register") or "").split(",") if one]
    must_fail = test.get("fail") == "true"
    expected = None if must_fail else fixture(suite, f"{name}-expected")
    if (
        given is None
        or None in registered
        or not (must_fail or (expected and "snapshot" in expected))
    ):
        return None
    for one in (given, *registered):
        # As HL7's own runner: whatever snapshot came with it was made by something else.
        one.pop("snapshot", None)
    try:
        made = snapshot(given, Chain(Loaded(registered), packages))
    except SnapshotError as error:
        return "" if must_fail else f"refused: {error}"
    return "it must be refused" if must_fail else difference(made, expected)


def main(suite: Path, packages: list[Path]) -> None:
    """Print the failures and the score."""
    known = PackageSet([open_package(one) for one in packages])
    tests = [one for one in parse_tree(suite / "manifest.xml").iter() if one.get("id")]
    results = [(one.get("id"), outcome(suite, one, known)) for one in tests]
    for name, wrong in results:
        if wrong:
            print(f"{name}: {wrong}"[:300])
    skipped = sum(wrong is None for _, wrong in results)
    print(f"{sum(wrong == '' for _, wrong in results)} of {len(results)}; {skipped} without files")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
