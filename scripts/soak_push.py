"""Pushing with faults, by the thousand: a longer run of what the tests do.

    python scripts/soak_push.py [--seeds 2000] [--http 200] [--first 1000]

Each seed is a server in memory of its own temper; three requests in ten go wrong. `--http` of them
are servers over HTTP behind a proxy that resets, delays, cuts and lies. Ends with 1 at the first
that does not end as defined.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS / name) for name in (".", "push", "servers/serving", "servers")]


def in_memory(seed: int) -> str:
    """What is wrong after two pushes to a server in memory; "" for nothing."""
    from memory import shuffled_server
    from pushed import artifact, push

    from fhir_kb.push import TargetPolicy

    server = shuffled_server(seed)
    first = [artifact(f"x{number}") for number in range(25)]
    first.append(artifact("e", kind="Evidence", about={"reference": "PlanDefinition/x3"}))
    later = [*first[1:20], artifact("x0", title="New"), *first[20:]]
    with tempfile.TemporaryDirectory() as folder:
        for resources in (first, later):
            _, result = push(
                server, Path(folder), resources, "many", rules=TargetPolicy(max_entries=10)
            )
            if result.failed or result.error is not None:
                return f"not made: {[one.reason for one in result.failed]} {result.error}"
    wanted = {f"{one['resourceType']}/{one['id']}-1.0.0": one["title"] for one in later}
    if {name: one["title"] for name, one in server.contents().items()} != wanted:
        return "the server is not as defined"
    versions = {str(ref): len(found) for ref, found in server.history.items()}
    if versions.pop("PlanDefinition/x0-1.0.0") != 2 or set(versions.values()) != {1}:
        return f"versions: {versions}"
    return ""


def over_http(seed: int) -> str:
    """The same over HTTP, by the test's own function."""
    import test_fhir_server_faults as faults

    temper = list(faults.TEMPERS.values())[seed % len(faults.TEMPERS)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            faults.at_three_in_ten(temper, seed, Path(folder))
        except AssertionError as error:
            return str(error) or "an assertion failed"
    return ""


def main() -> int:
    """Run them all, and say how many."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=2000)
    asked.add_argument("--http", type=int, default=200)
    asked.add_argument("--first", type=int, default=1000)
    given = asked.parse_args()
    begin = time.monotonic()
    jobs = [(in_memory, given.seeds, "in memory"), (over_http, given.http, "over HTTP")]
    for job, number, where in jobs:
        for seed in range(given.first, given.first + number):
            wrong = job(seed)
            if wrong:
                print(f"seed {seed} {where}: {wrong}", file=sys.stderr)
                return 1
        print(f"{number} seeds {where}: all as defined")
    print(f"{time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
