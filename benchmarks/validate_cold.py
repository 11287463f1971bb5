"""How long one file takes to check, the whole process from nothing, and how much memory.

python benchmarks/validate_cold.py [FILE] [RELEASE]      a small plan unless told, release r5

Prints the median and the best of eleven runs; the goal is 0.2 s and 100 MB.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

RUNS = 11
_MAIN = "import sys; from fhir_kb.cli import main; sys.exit(main())"
_PLAN = (
    '{"resourceType":"PlanDefinition","id":"p","url":"http://example.org/PlanDefinition/p",'
    '"name":"Plan","title":"Plan","status":"draft","action":[{"linkId":"a","title":"First"}]}\n'
)


def _run(file: str, release: str) -> tuple[float, int]:
    """Seconds, and memory in kB."""
    start = time.perf_counter()
    command = [sys.executable, "-c", _MAIN, "validate", "--fhir", release, file]
    silent = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, silent, 1), (os.POSIX_SPAWN_DUP2, silent, 2)]
    process = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
    os.close(silent)
    _, _, used = os.wait4(process, 0)
    return time.perf_counter() - start, used.ru_maxrss


def main() -> None:
    """Print one line."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(_PLAN, encoding="utf-8")
        file = sys.argv[1] if len(sys.argv) > 1 else str(plan)
        runs = [_run(file, sys.argv[2] if len(sys.argv) > 2 else "r5") for _ in range(RUNS)]
    seconds = [took for took, _ in runs]
    memory = max(used for _, used in runs) / 1024
    print(f"median {statistics.median(seconds):.3f} s, best {min(seconds):.3f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
