"""What each fast path of the validator is worth: warm validation with all of them, and without one.

python benchmarks/fast_paths.py [--shared DIR] [--rounds N]

DIR (by default ../shared) holds the official examples of R5, R4B and R4. Every row runs in a
process of its own, in turn with the others. Times are processor time for one resource: each
resource's best of 30, the mean of all resources, the best of N rounds. The fast path of narratives
has no row: those that were valid last are kept, so that here none is read twice.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import timeit
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import orjson

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.validate import Validator

ROOT = Path(__file__).resolve().parents[1]
ALL, NONE = "all fast paths", "none of them"
REPEATS = 30


def without_profiles() -> None:
    """Profiles: no check on plain JSON before the walk."""
    from fhir_kb.validate.profiles.fast_path.profiles import ProfileFastPath

    never: Any = lambda *_: False  # noqa: E731
    ProfileFastPath.conforms = ProfileFastPath.child_conforms = never  # type: ignore[method-assign]


def without_extensions() -> None:
    """Extensions: all that are known are validated by their definition."""
    from fhir_kb.validate.datatypes.extension_fast_path import ExtensionFastPath

    never: Any = lambda *_, **__: False  # noqa: E731
    ExtensionFastPath.conforms = ExtensionFastPath.is_cached = never  # type: ignore[method-assign]


def without_python() -> None:
    """Invariants: those in Python are evaluated as FHIRPath."""
    from fhir_kb.validate.invariants.fast_path import IN_PYTHON

    IN_PYTHON.clear()


def without_names() -> None:
    """FHIRPath: no invariant holds by the names of an object's properties alone."""
    from fhir_kb.fhirpath.engine import Compiled

    never: Any = lambda *_: False  # noqa: E731
    Compiled.is_true_for = never  # type: ignore[method-assign]


def without_plain_json() -> None:
    """FHIRPath: no expression is evaluated on plain JSON."""
    from fhir_kb.fhirpath.compiler import compiler

    nothing: Any = lambda _: None  # noqa: E731
    compiler.fast_this = nothing


ROWS = {
    ALL: lambda: None,
    "without invariants in Python": without_python,
    "without FHIRPath by property names": without_names,
    "without FHIRPath on plain JSON": without_plain_json,
    "without extensions": without_extensions,
    "without profiles": without_profiles,
    NONE: lambda: None,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="What each fast path is worth.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--row", choices=ROWS, help="measure one row, in this process")
    options = parser.parse_args()
    examples = options.shared / "suites" / "official-examples"
    if not examples.is_dir():
        print(f"no official examples in {examples}", file=sys.stderr)
        return 2
    if options.row:
        ROWS[options.row]()
        print(measure(examples, fast_paths=options.row != NONE))
        return 0
    best = dict.fromkeys(ROWS, float("inf"))
    for _ in range(options.rounds):
        for row in ROWS:
            command = [sys.executable, __file__, "--shared", str(options.shared), "--row", row]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            best[row] = min(best[row], float(done.stdout))
    print(f"{'official examples of R5, R4B and R4':38}{'µs':>8}{'ratio':>8}")
    for row, time in best.items():
        print(f"{row:38}{time:8.0f}{time / best[ALL]:8.2f}")
    return 0


def measure(examples: Path, *, fast_paths: bool) -> float:
    """Microseconds for one resource, warm: the mean of the best time of each."""
    best: list[float] = []
    for release in FHIR_RELEASES:
        check = Validator(release.version, fast_paths=fast_paths).check
        for path in sorted((examples / release.name).glob("*.json")):
            resource = orjson.loads(path.read_bytes())
            once = partial(check, resource)
            best.append(min(timeit.repeat(once, process_time, number=1, repeat=REPEATS)))
    return sum(best) / len(best) * 1e6


if __name__ == "__main__":
    raise SystemExit(main())
