"""Makes a knowledge base of N topics, each with the content of the SUSHI baseline's four instances.

python benchmarks/topics.py N FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

KB = """\
id: generated
title: Generated knowledge base
canonical: https://fhir-kb.example/generated
version: 1.0.0
status: draft
date: 2026-11-23
publisher: The fhir-kb benchmark
releases: [r5, r4b, r4]
package: {name: org.example.generated}
"""

TOPIC = """\
topic: plan-{n}
title: Plan {n}
summary: The plan of topic {n}.
type: eca-rule
plan:
  steps:
    - id: a
      title: The step before
      text: What comes first in topic {n}
    - id: step
      title: Step
      does: act-{n}
      after: a
activities:
  act-{n}:
    title: Activity {n}
    kind: medication
    code: {{text: activity {n}}}
evidence:
  ev-{n}:
    title: Evidence {n}
    statement: The odds of topic {n} are halved.
    study: randomized-trial
    population: {{title: People of topic {n}}}
    exposure: {{title: Exposure of topic {n}}}
    outcome: {{title: Outcome of topic {n}}}
    statistics:
      - measure: odds-ratio
        value: "0.5"
        interval: {{low: "0.1", high: "0.9", level: 95}}
    from: cit-{n}
"""

REFERENCES = """\
cit-{n}:
  type: article
  title: Paper {n}
  doi: 10.1000/{n}
"""


def generate(count: int, folder: Path) -> None:
    """Write a knowledge base of `count` topics into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kb.yaml").write_text(KB, encoding="utf-8")
    for n in range(count):
        topic = folder / f"topic-{n:05}"
        topic.mkdir(exist_ok=True)
        (topic / "topic.yaml").write_text(TOPIC.format(n=n), encoding="utf-8")
        (topic / "references.yaml").write_text(REFERENCES.format(n=n), encoding="utf-8")


if __name__ == "__main__":
    generate(int(sys.argv[1]), Path(sys.argv[2]))
