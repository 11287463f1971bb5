"""How long validation takes: warm for each resource, and cold for the whole process.

python benchmarks/validate.py [--shared DIR]     prints a table; times are the best of five runs

DIR (by default ../shared) holds the official examples. JSON's own reading is beside it as a measure
of the machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

import orjson

from fhir_kb.validate import Validator

ROOT = Path(__file__).resolve().parents[1]
TYPES = ("PlanDefinition", "ActivityDefinition", "ValueSet", "CodeSystem", "StructureDefinition")
MOST = 20


def main() -> int:
    parser = argparse.ArgumentParser(description="How long validation takes.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    examples = parser.parse_args().shared / "suites" / "official-examples" / "r5"
    if not examples.is_dir():
        print(f"no official examples in {examples}", file=sys.stderr)
        return 2
    print(f"{'R5 official examples':24}{'files':>6}{'kB':>7}{'read':>9}{'structure':>11}{'all':>9}")
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

    def average(run: Callable[[], object]) -> str:
        return f"{min(timeit.repeat(run, number=1)) / len(files) * 1e6:.0f} µs"

    size = sum(map(len, files)) / len(files) / 1000
    return (
        f"{name:24}{len(files):6}{size:7.1f}"
        f"{average(lambda: [orjson.loads(data) for data in files]):>9}"
        f"{average(lambda: [structure.check(one) for one in resources]):>11}"
        f"{average(lambda: [with_rules.check(one) for one in resources]):>9}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
