"""How the time of a build grows with the size of one topic: N against 2 N of each kind of content.

python benchmarks/size.py [N]

A ratio of 2 is linear; more than 2.3 is a part that grows faster than the content.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fhir_kb.pipeline import build

KB = """\
id: ward
title: Ward
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
"""
TOPIC = "topic: t\ntitle: T\nsummary: S.\n"
PLAN = f"{TOPIC}plan:\n  steps:\n"
Files = dict[str, str]


def steps(line: Callable[[int], str]) -> Callable[[int], Files]:
    """A plan of steps, each with further keys."""

    def made(number: int) -> Files:
        rows = (f"    - {{id: s{n}, title: Step {n}{line(n)}}}\n" for n in range(number))
        return {"t/topic.yaml": PLAN + "".join(rows)}

    return made


def nested(number: int) -> Files:
    """Steps of two steps each, one of which has a step."""
    rows = (
        f"    - id: g{n}\n      title: G\n      steps:\n        - {{id: g{n}a, title: A}}\n"
        f"        - {{id: g{n}b, title: B, steps: [{{id: g{n}c, title: C}}]}}\n"
        for n in range(number // 4)
    )
    return {"t/topic.yaml": PLAN + "".join(rows)}


def activities(number: int) -> Files:
    """Steps with an activity each."""
    files = steps(lambda n: f", does: a{n}")(number)
    rows = (f"  a{n}: {{title: Activity {n}}}\n" for n in range(number))
    return {"t/topic.yaml": files["t/topic.yaml"] + "activities:\n" + "".join(rows)}


def concepts(number: int) -> Files:
    """Steps with a concept each."""
    files = steps(lambda n: f", code: c{n}")(number)
    return {**files, "concepts.yaml": "".join(f"c{n}: {{text: C {n}}}\n" for n in range(number))}


def evidence(number: int) -> Files:
    """Evidence with its variables."""
    rows = (
        f"  e{n}: {{title: E {n}, statement: Found {n}., population: {{title: P {n}}}, "
        f"exposure: {{title: X {n}}}, outcome: {{title: O {n}}}, study: guideline, from: [r]}}\n"
        for n in range(number)
    )
    works = "r: {type: article, title: R, doi: 10.1000/1}\n"
    topic = f"{TOPIC}evidence:\n{''.join(rows)}"
    return {"t/topic.yaml": topic, "t/references.yaml": works}


def goals(number: int) -> Files:
    """Steps with a goal each."""
    files = steps(lambda n: f", goals: [g{n}]")(number)
    rows = (f"    g{n}: {{description: Goal {n}}}\n" for n in range(number))
    return {"t/topic.yaml": files["t/topic.yaml"] + "  goals:\n" + "".join(rows)}


def references(number: int) -> Files:
    """Works, each of which the page cites."""
    rows = (f"r{n}: {{type: article, title: R {n}, doi: 10.1000/{n}}}\n" for n in range(number))
    page = "".join(f"Text [@r{n}].\n\n" for n in range(number))
    return {
        "t/topic.yaml": TOPIC,
        "t/references.yaml": "".join(rows),
        "t/page.md": f"# T\n\n## S\n\n{page}",
    }


def page(text: str) -> Callable[[int], Files]:
    """A page of one text again and again."""
    return lambda number: {
        "t/topic.yaml": TOPIC,
        "t/page.md": "# T\n\n## S\n\n" + "".join(text.format(n=n) for n in range(number)),
    }


KINDS: dict[str, Callable[[int], Files]] = {
    "steps": steps(lambda _: ""),
    "steps, each after the one before": steps(lambda n: f", after: s{n - 1}" if n else ""),
    "steps, all after the first": steps(lambda n: ", after: s0" if n else ""),
    "steps, each before the last": steps(lambda n: ", before: s0" if n else ""),
    "steps within steps": nested,
    "steps with goals": goals,
    "evidence": evidence,
    "steps with activities": activities,
    "steps with concepts": concepts,
    "cited references": references,
    "bullets": page("- bullet {n}\n"),
    "sections": page("## S{n}\n\ntext {n}\n\n"),
    "steps with mistakes": steps(lambda n: f", after: x{n}, code: y{n}, typo{n}: z"),
}


def seconds(files: Files) -> float:
    """The time of a build of one topic without a cache, of this process alone."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in {"kb.yaml": KB, **files}.items():
            path = root / "definitions" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        begun = time.process_time()
        build(root / "definitions", output=root / "output", models=False)
        return time.process_time() - begun


def main() -> None:
    """Print a row for each kind."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    seconds(KINDS["steps"](10))  # what is imported once
    print(f"| content | {number} | {2 * number} | ratio |\n|---|---|---|---|")
    for name, make in KINDS.items():
        one, two = seconds(make(number)), seconds(make(2 * number))
        print(f"| {name} | {one:.2f} | {two:.2f} | {two / one:.1f} |", flush=True)


if __name__ == "__main__":
    main()
