"""How long we and HL7's own validator take for the same files, one after the other in one run.

python benchmarks/validate_official.py [--shared DIR] [--releases r5,r4]

DIR (by default ../shared) holds the official examples, and the official validator as a script that
starts it without a terminology server. Its warm figure leaves out what it takes for one file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fhir_kb.validate import Validator
from fhir_kb.validate.input.json import parse

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = {"r5": "5.0.0", "r4b": "4.3.0", "r4": "4.0.1"}


def _wall(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _warm(files: list[Path], version: str) -> float:
    """Seconds for all files, read and parsed anew, by a validator that has seen them before."""
    validator = Validator(version)
    took = 0.0
    for _ in range(2):
        start = time.perf_counter()
        for path in files:
            validator.check(parse(path.read_bytes()).value)
        took = time.perf_counter() - start
    return took


def _row(release: str, folder: Path, official: Path) -> str:
    version = VERSIONS[release]
    files = sorted(folder.glob("*.json"))
    small = str(min(files, key=lambda path: path.stat().st_size))
    ours = [str(Path(sys.executable).parent / "fhir-kb"), "validate", "--fhir", version]
    ours += ["--format", "json"]
    with tempfile.TemporaryDirectory() as place:
        theirs = [str(official), "--fhir", version, "--jsonl", str(Path(place) / "out.jsonl")]
        their_one, our_one = _wall([*theirs, small]), _wall([*ours, small])
        their_all = _wall([*theirs, str(folder)])
    our_all, our_warm = _wall([*ours, str(folder)]), _warm(files, version)
    their_warm = max(their_all - their_one, 0.0)
    return (
        f"{release:8}{len(files):6}"
        f"{their_one:9.2f}{our_one:8.2f}{their_one / our_one:7.0f}x"
        f"{their_all:9.2f}{our_all:8.2f}{their_all / our_all:7.0f}x"
        f"{their_warm:9.2f}{our_warm:8.3f}{their_warm / our_warm:7.0f}x"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="We and HL7's validator on the same files.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--releases", default="r5,r4")
    asked = parser.parse_args()
    official = asked.shared / "tools" / "official-validator" / "validate"
    examples = asked.shared / "suites" / "official-examples"
    if not official.is_file() or not examples.is_dir():
        print(f"no official validator or examples in {asked.shared}", file=sys.stderr)
        return 2
    head = "".join(f"{what:>24}" for what in ("one file, s", "all, s", "all, warm, s"))
    print(f"{'':8}{'files':>6}{head}   (theirs, ours, ratio)")
    for release in asked.releases.split(","):
        print(_row(release, examples / release, official), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
