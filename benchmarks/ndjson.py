"""How long NDJSON takes to check and how much memory, for more and more lines.

python benchmarks/ndjson.py [LINES...]      10000 100000 1000000 unless told

The last row is one process against all cores, in turn, the best of three for each.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from pathlib import Path

from fhir_kb.bulk import available_cores
from fhir_kb.bulk.ndjson import check_lines
from fhir_kb.validate.options import ValidationOptions

#: A small PlanDefinition, as loads of knowledge have them.
_LINE = (
    '{"resourceType":"PlanDefinition","id":"p%d","text":{"status":"generated","div":'
    '"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p>What is done</p></div>"},"url":"http://example.org/PlanDefinition/p%d",'
    '"version":"1.0.0","name":"Plan%d","title":"Plan","status":"draft","date":"2024-05-01",'
    '"publisher":"Ward","description":"What is done","goal":[{"id":"g","description":'
    '{"text":"Full range of motion"}}],"action":[{"id":"a","linkId":"a","title":"First",'
    '"goalId":["g"]},{"linkId":"b","title":"Then","relatedAction":[{"targetId":"a","relationship":"after"}]}]}\n'
)
_MAIN = "import sys; from fhir_kb.cli import main; sys.exit(main())"


def _run(path: Path) -> tuple[float, int, float]:
    """Seconds, largest memory of one process in kB, and seconds of work of all of them."""
    start = time.perf_counter()
    command = [sys.executable, "-c", _MAIN, "validate", "--format", "json", str(path)]
    silent = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, silent, 1), (os.POSIX_SPAWN_DUP2, silent, 2)]
    process = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
    os.close(silent)
    _, _, used = os.wait4(process, 0)
    return time.perf_counter() - start, used.ru_maxrss, used.ru_utime + used.ru_stime


def _speed_up(lines: int) -> str:
    """How much sooner all available_cores are done than one."""
    data = [(_LINE % (n, n, n)).encode() for n in range(lines)]
    best: dict[int | None, float] = {1: math.inf, None: math.inf}
    for _ in range(3):
        for jobs, so_far in best.items():
            start = time.perf_counter()
            found = sum(one.errors for one in check_lines(data, ValidationOptions(), jobs=jobs))
            best[jobs] = min(so_far, time.perf_counter() - start)
            assert found == 0
    one, many = best[1], best[None]
    ratio = f"{one / many:.2f}x"
    return (
        f"{lines} lines: {one:.2f} s by one process, {many:.2f} s by {available_cores()}: {ratio}"
    )


def main() -> None:
    """Print a row for each size."""
    sizes = [int(text) for text in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    print(f"{'lines':>9} {'seconds':>8} {'lines/s':>8} {'work s':>8} {'MB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / "plans.ndjson"
            with path.open("w", encoding="utf-8") as file:
                file.writelines(_LINE % (n, n, n) for n in range(size))
            seconds, memory, work = _run(path)
            row = f"{size:>9} {seconds:>8.2f} {size / seconds:>8.0f} {work:>8.2f}"
            print(f"{row} {memory / 1024:>6.0f}", flush=True)
    print(_speed_up(min(sizes[-1], 40_000)))


if __name__ == "__main__":
    main()
