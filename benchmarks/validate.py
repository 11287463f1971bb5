"""How long validation takes: warm for each resource, and cold for the whole process.

python benchmarks/validate.py [--shared DIR]     prints a table; times are the best of fifty runs

DIR (by default ../shared) holds the official examples. orjson's reading of the same bytes is beside
it as a measure of the machine. "again" is the same objects over and over, "anew" copies that were
just parsed, so that nothing of them is in the processor's cache; what the validator remembers of
short values it has met in both.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from fhir_kb.validate import Validator

ROOT = Path(__file__).resolve().parents[1]
TYPES = (
    "PlanDefinition", "ActivityDefinition", "Library", "Evidence", "EvidenceVariable", "Citation",
    "ValueSet",
)  # fmt: skip
RUNS = 50
MOST = 20


def main() -> int:
    parser = argparse.ArgumentParser(description="How long validation takes.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    examples = parser.parse_args().shared / "suites" / "official-examples" / "r5"
    if not examples.is_dir():
        print(f"no official examples in {examples}", file=sys.stderr)
        return 2
    heads = ("kB", "read", "structure", "ratio", "all again", "all anew")
    print(f"{'R5 official examples, µs':24}{'files':>6}" + "".join(f"{one:>11}" for one in heads))
    for name in TYPES:
        files = [path.read_bytes() for path in sorted(examples.glob(f"{name}-*.json"))[:MOST]]
        if files:
            print(_row(name, files))
    one = min(examples.glob("PlanDefinition-*.json"))
    command = [str(Path(sys.executable).parent / "fhir-kb"), "validate", "--quiet", str(one)]
    cold = min(
        timeit.repeat(lambda: subprocess.run(command, check=True, capture_output=True), number=1)
    )
    print(f"\nwhole process, one PlanDefinition: {cold * 1000:.0f} ms")
    return 0


def _row(name: str, files: list[bytes]) -> str:
    resources = [orjson.loads(data) for data in files]
    with_rules, structure = Validator("5.0.0"), Validator("5.0.0", invariants=False)
    read = _average(files, orjson.loads)
    alone = _average(resources, structure.check)
    again = _average(resources, with_rules.check)
    anew = min(
        _average([orjson.loads(data) for data in files], with_rules.check, runs=1)
        for _ in range(RUNS)
    )
    size = sum(map(len, files)) / len(files) / 1000
    figures = f"{size:11.1f}{read:11.0f}{alone:11.0f}{alone / read:11.1f}{again:11.0f}{anew:11.0f}"
    return f"{name:24}{len(files):6}{figures}"


def _average(what: Sequence[object], run: Callable[[Any], object], runs: int = RUNS) -> float:
    """Microseconds for one, in the best of the runs."""

    def all_of_them() -> None:
        for one in what:
            run(one)

    return min(timeit.repeat(all_of_them, number=1, repeat=runs)) / len(what) * 1e6


if __name__ == "__main__":
    raise SystemExit(main())
