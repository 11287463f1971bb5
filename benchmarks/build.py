"""Build speed against SUSHI, in one run: ratios, the machine and the date.

    python benchmarks/build.py [--sushi ../shared/tools/sushi/bench] [--topics 1000] [--repeat 3]

Every figure is the whole process, from the shell's point of view; the median of the repetitions.
Without the SUSHI baseline the ratios are left out. No test depends on the figures.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from topics import generate

_ASIDE = itertools.count()
HERE = Path(__file__).resolve().parent.parent
TOOL = Path(sys.executable).with_name("fhir-kb")


def settled() -> None:
    """What earlier runs wrote is on the disk, so that the next does not wait for it."""
    os.sync()
    time.sleep(1)


def run(words: list[str | Path]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MB (of the largest process) of one command."""
    settled()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{words}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss / 1024


def median(job: Callable[[], tuple[float, float, float]], repeat: int) -> tuple[float, float]:
    """The median wall seconds of a job, and the most memory seen so far."""
    found = [job() for _ in range(repeat)]
    return statistics.median(one[0] for one in found), max(one[2] for one in found)


def sushi(bench: Path | None, count: int, folder: Path) -> float | None:
    """SUSHI's own wall seconds for `count` x 4 instances; its output stays in `folder`."""
    if bench is None or not bench.is_file():
        return None
    words = [str(bench), str(count), str(folder / f"sushi-{count}")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = re.search(r"wall ([\d.]+) s", done.stdout)
    return float(found[1]) if found else None


def fresh(definitions: Path, output: Path) -> None:
    """Forget what earlier builds made.

    It is put aside and not deleted: for half a minute after deleting very many files, ext4 is ten
    times slower at making new ones.
    """
    for made in (output, definitions.parent / ".fhir-kb"):
        if made.exists():
            made.rename(made.with_name(f"{made.name}.{next(_ASIDE)}"))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--sushi", type=Path, default=HERE.parent / "shared/tools/sushi/bench")
    words.add_argument("--topics", type=int, default=1000)
    words.add_argument("--repeat", type=int, default=3)
    given = words.parse_args()
    rows: list[tuple[str, float, float | None, str]] = []
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    machine = f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores"
    print(f"{datetime.date.today()}, {machine}, Python {platform.python_version()}\n")

    bare, _ = median(lambda: run([sys.executable, "-c", "pass"]), 5)
    help_, _ = median(lambda: run([TOOL, "--help"]), 5)
    rows.append(("`fhir-kb --help` against `python -c pass`", help_, bare, "at most 4x slower"))

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        small = sushi(given.sushi, 1, work)
        shipped = work / "definitions"
        shutil.copytree(HERE / "definitions", shipped)
        output = work / "output"

        def clean() -> tuple[float, float, float]:
            fresh(shipped, output)
            return run([TOOL, "build", shipped, "-o", output])

        wall, _ = median(clean, given.repeat)
        rows.append(("shipped topics, three releases; SUSHI: 4 instances", wall, small, "8x"))

        generated = work / "generated" / "definitions"
        generate(given.topics, generated)
        large = sushi(given.sushi, given.topics, work)
        made = work / "generated" / "output"

        def one() -> tuple[float, float, float]:
            fresh(generated, made)
            return run([TOOL, "build", generated, "-o", made, "--fhir", "r5"])

        def three() -> tuple[float, float, float]:
            fresh(generated, made)
            return run([TOOL, "build", generated, "-o", made])

        wall, _ = median(one, given.repeat)
        rows.append((f"{given.topics} topics, R5; SUSHI: the same in FSH", wall, large, "15x"))
        first, memory = median(three, given.repeat)
        rows.append((f"{given.topics} topics, three releases; SUSHI: R5", first, large, "8x"))
        count = sum(1 for _ in (made / "r5").glob("[A-Z]*-*.json"))

        again, _ = median(lambda: run([TOOL, "build", generated, "-o", made]), given.repeat)
        rows.append(("the same again, nothing changed; against the first", again, first, "20x"))
        topic = generated / "topic-00000" / "topic.yaml"
        turn = iter(range(1000))

        def changed() -> tuple[float, float, float]:
            text = topic.read_text("utf-8")
            topic.write_text(re.sub(r"summary: .*", f"summary: Turn {next(turn)}.", text), "utf-8")
            return run([TOOL, "build", generated, "-o", made])

        wall, _ = median(changed, given.repeat)
        rows.append(("the same again, one topic changed; against the first", wall, first, "10x"))

        half = work / "half" / "definitions"
        generate(given.topics // 2, half)

        def halved() -> tuple[float, float, float]:
            fresh(half, work / "half" / "output")
            return run([TOOL, "build", half, "-o", work / "half" / "output"])

        wall, _ = median(halved, given.repeat)
        rows.append((f"{given.topics // 2} topics against {given.topics}", wall, first, "about 2x"))

    print("| what | seconds | against | ratio | goal |\n|---|---|---|---|---|")
    for what, seconds, other, goal in rows:
        ratio = f"{other / seconds:.1f}" if other else "-"
        print(f"| {what} | {seconds:.3f} | {f'{other:.3f}' if other else '-'} | {ratio} | {goal} |")
    print(f"\n{count} resources a release; the largest process used {memory:.0f} MB")


if __name__ == "__main__":
    main()
