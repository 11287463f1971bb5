"""Pushing to a real HAPI against a raw client that does nothing but send, in one run.

    python benchmarks/push.py [--hapi ../shared/tools/hapi/hapi] [--resources 4000] [--repeat 3]
                              [--populator ENVIRONMENT/bin/python]

The raw client knows everything beforehand: it sends ready-made transactions of 100 at concurrency 4
and looks at nothing but the status. Every figure of ours is the whole process, plan included, from
the shell's point of view. Raw and ours take turns on the same warm server, each time with other
ids; the median counts. No test depends on the figures.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import requests

HERE = Path(__file__).resolve().parent.parent
TOOL = Path(sys.executable).with_name("fhir-kb")
TICKS = os.sysconf("SC_CLK_TCK")


def made(folder: Path) -> list[dict[str, Any]]:
    """The resources of the shipped definitions, as R4."""
    subprocess.run(
        [TOOL, "build", HERE / "definitions", "-o", folder, "--fhir", "r4", "-q", "--no-cache"],
        check=True,
    )
    lines = (folder / "r4" / "resources.ndjson").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def copies(resources: list[dict[str, Any]], number: int, prefix: str) -> list[dict[str, Any]]:
    """So many resources: the same again and again under other names."""
    found: list[dict[str, Any]] = []
    round_ = 0
    short = {one["id"]: f"k{number}" for number, one in enumerate(resources)}
    names = "|".join(re.escape(one) for one in sorted(short, key=len, reverse=True))
    pattern = re.compile(rf'(/|"id":")({names})(?=["|])')
    text = [json.dumps(one, separators=(",", ":")) for one in resources]
    while len(found) < number:
        tail = f"-{prefix}{round_}"
        for line in text:
            one = json.loads(
                pattern.sub(lambda hit, tail=tail: f"{hit[1]}{short[hit[2]]}{tail}", line)
            )
            held = one.get("identifier", [])
            for each in held if isinstance(held, list) else [held]:
                each["value"] = f"{each.get('value')}{tail}"
            found.append(one)
        round_ += 1
    return found[: number - number % len(resources)]


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def raw(base: str, resources: list[dict[str, Any]], size: int) -> float:
    """Seconds of a client that sends ready-made transactions of so many entries."""
    bodies = []
    for start in range(0, len(resources), size):
        entries = [
            {
                "resource": one,
                "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
            }
            for one in resources[start : start + size]
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        bodies.append(json.dumps(bundle).encode())
    session = requests.Session()
    kind = {"Content-Type": "application/fhir+json"}

    def send(body: bytes) -> None:
        answer = session.post(base, data=body, headers=kind, timeout=600)
        if answer.status_code != 200:
            sys.exit(f"the raw client was refused: {answer.status_code} {answer.text[:500]}")

    begin = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, bodies))
    return time.perf_counter() - begin


def ours(words: list[str | Path], folder: Path, expected: int = 0) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MB of one command of ours."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen([TOOL, *words], cwd=folder, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected:
            said.seek(0)
            sys.exit(f"{words}: exit {process.returncode}\n{said.read()[-4000:].decode()}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def populated(python: Path, base: str, resources: list[dict[str, Any]], folder: Path) -> float:
    """Seconds of fhir-populator for the same resources, as a package from a registry of ours.

    python: of an environment with fhir-populator in it.
    """
    folder.mkdir(parents=True)
    path = folder / "kb.tgz"
    package = {"name": "kb.benchmark", "version": "1.0.0", "description": "", "dependencies": {}}
    with tarfile.open(path, "w:gz") as package_file:
        for name, content in [("package", package), *enumerate(resources)]:
            data = json.dumps(content).encode()
            info = tarfile.TarInfo(f"package/{name}.json")
            info.size = len(data)
            package_file.addfile(info, io.BytesIO(data))

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    words = [
        python, "-m", "fhir_populator", "--endpoint", base, "--non-interactive", "--only-put",
        "--registry-url", f"http://127.0.0.1:{server.server_port}", "--package",
        "kb.benchmark@1.0.0", "--log-level", "ERROR", "--log-file", folder / "log.txt",
    ]  # fmt: skip
    begin = time.perf_counter()
    done = subprocess.run(words, cwd=folder, check=False, capture_output=True, text=True)
    wall = time.perf_counter() - begin
    server.shutdown()
    if done.returncode:
        sys.exit(f"fhir-populator failed: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    answer = requests.get(
        f"{base}/{resources[-1]['resourceType']}/{resources[-1]['id']}", timeout=60
    )
    if answer.status_code != 200:
        sys.exit(f"fhir-populator did not load everything: {answer.status_code}")
    return wall


def bundle_file(folder: Path, resources: list[dict[str, Any]]) -> Path:
    """The resources as NDJSON, written as `fhir-kb build` writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "all.ndjson"
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in resources))
    return path


def main() -> None:
    """Measure, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--hapi", type=Path, default=HERE.parent / "shared/tools/hapi/hapi")
    asked.add_argument("--resources", type=int, default=4000)
    asked.add_argument("--repeat", type=int, default=3)
    asked.add_argument("--port", type=int, default=8290)
    asked.add_argument(
        "--populator", type=Path, help="a python that has fhir-populator, to compare with"
    )
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        base = subprocess.run(
            [given.hapi, "start", "R4", str(given.port), "--dir", work / "hapi"],
            check=True, capture_output=True, text=True,
        ).stdout.split()[-1]  # fmt: skip
        try:
            measure(given, base, work)
        finally:
            subprocess.run([given.hapi, "stop", str(given.port)], check=False)


def measure(given: argparse.Namespace, base: str, work: Path) -> None:
    """All figures."""
    pid = int((work / "hapi" / "pid").read_text("utf-8"))
    resources = made(work / "made")
    size = max(1, 100 // len(resources)) * len(resources)  # whole copies: they refer to each other
    for warm in ("v", "w"):
        raw(base, copies(resources, given.resources, warm), size)
    rows: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        rows.setdefault(name, []).append(value)
        print(f"  {name}: {value:.2f}", file=sys.stderr)

    for turn in range(given.repeat):
        note("raw load", raw(base, copies(resources, given.resources, f"r{turn}"), size))
        if given.populator:
            theirs = copies(resources, given.resources, f"t{turn}")
            wall = populated(given.populator.absolute(), base, theirs, work / f"theirs{turn}")
            note("fhir-populator", wall)
        folder = work / f"ours{turn}"
        wanted = copies(resources, given.resources, f"o{turn}")
        path = bundle_file(folder, wanted)
        push = ["push", "-q", "--yes", "--target", base, "--bundle", path]
        plan = ["plan", "-q", "--target", base, "--bundle", path]
        before = cpu_of(pid)
        wall, cpu, memory = ours(push, folder)
        note("first push", wall)
        note("first push, share of the server's CPU", cpu / (cpu_of(pid) - before))
        note("first push, MB", memory)
        note("plan, nothing changed", ours(plan, folder)[0])
        note("push, nothing changed", ours(push, folder)[0])
        titled = [one for one in wanted if one["resourceType"] == "ActivityDefinition"]
        for one in titled[: max(1, len(wanted) // 100)]:
            one["title"] = f"{one.get('title', '')} again"
        bundle_file(folder, wanted)
        note("plan, 1 % changed", ours(plan, folder)[0])
        note("push, 1 % changed", ours(push, folder)[0])
    middle = {name: statistics.median(values) for name, values in rows.items()}
    first = middle["first push"]
    machine = platform.processor() or platform.machine()
    print(
        f"{datetime.datetime.now(datetime.UTC).date()}, {machine}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {given.resources} resources"
    )
    print("| | s | ratio |\n|---|---|---|")
    for name, value in middle.items():
        against = (
            f"{value / middle['raw load']:.2f}x raw"
            if name == "first push"
            else f"{value / first:.1f}x our first push"
            if name == "fhir-populator"
            else (f"1/{first / value:.1f} of the first push" if "changed" in name else "")
        )
        print(f"| {name} | {value:.2f} | {against} |")


if __name__ == "__main__":
    main()
