"""Brings the output that README.md and the tutorial show up to date, by running the commands.

    python scripts/paste_output.py [--check] [--server URL]

In an indented block, what stands under `    $ fhir-kb init …`, `build FOLDER` or `bundle …` is what
that command says; what stands under "`make demo` ends with" is what building definitions/ says.
With the address of an empty R4 server, the commands for servers run as well, in the order of the
page, and everything else that stands after a `$`; without one, their output is left as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/tutorial.md")
BIN = Path(sys.executable).parent
RUN = re.compile(r"    \$ (fhir-kb (?:init|build|bundle) .+)")
WITH_SERVER = re.compile(r"    \$ (fhir-kb (?:plan|push|drift|rollback) .+|sed .+|curl .+)")
SHOWN_SERVER = "http://localhost:8080/fhir"
DEMO = "`make demo` ends with"
BLOCK = "    "


def refreshed(page: str, work: Path, server: str = "") -> str:
    """The page with the output of its commands, run in the folder `work` in their order."""
    lines = [*page.split("\n"), ""]
    made: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        made.append(line)
        at += 1
        found = RUN.fullmatch(line)
        command = found[1] if found else ""
        asked = WITH_SERVER.fullmatch(line) if server else None
        if asked:
            command = asked[1].replace(SHOWN_SERVER, server)
        if line.startswith(DEMO):
            made.append("")
            at += 1
            command = "fhir-kb build definitions --output output && rm -r output"
        if command:
            answer = [
                one.replace(server or SHOWN_SERVER, SHOWN_SERVER) for one in said(command, work)
            ]
            made += [f"{BLOCK}{one}".rstrip() for one in answer if one or not asked]
            while _is_output(lines[at]) or (not lines[at] and _is_output(lines[at + 1])):
                at += 1
    return "\n".join(made[:-1])


def _is_output(line: str) -> bool:
    """Whether the page has this line as what a command said; an output may have empty ones, too."""
    return line.startswith(BLOCK) and not line.startswith(f"{BLOCK}$")


def said(command: str, work: Path) -> list[str]:
    """What a command prints, line by line, as on a terminal of 80 columns without colours."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    outside = {"PATH": path, "COLUMNS": "80", "NO_COLOR": "1", "HOME": str(work), "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=work,
        env=outside,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        encoding="utf-8",
    )
    return done.stdout.rstrip("\n").split("\n")


def main(words: list[str]) -> int:
    """Write the pages, or with --check say which are not up to date."""
    server = words[words.index("--server") + 1] if "--server" in words else ""
    words = [word for word in words if word not in ("--server", server)]
    stale = []
    for name in PAGES:
        page = ROOT / name
        old = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            shutil.copytree(ROOT / "definitions", work / "definitions")
            new = refreshed(old, work, server)
        if new != old:
            stale.append(name)
            if words != ["--check"]:
                page.write_text(new, encoding="utf-8", newline="\n")
    if words == ["--check"] and stale:
        print(f"{', '.join(stale)}: not what the commands say; run 'make docs'", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
