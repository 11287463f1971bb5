"""HL7's own converter of releases over what is published: lowering agrees with it, or says why not.

It knows no Evidence, EvidenceVariable, Citation and ArtifactAssessment.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from converter_differences import DELIBERATE, unexpected
from environ import SHARED, sample

from fhir_kb import releases
from fhir_kb.compile import compile_topic
from fhir_kb.emit import element_order, emit
from fhir_kb.pipeline import build

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "compile"))

CONVERT = SHARED / "tools" / "convert" / "convert"
RELEASES = ("r5", "r4b", "r4")
UNKNOWN = ("Evidence", "EvidenceVariable", "Citation", "ArtifactAssessment")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not CONVERT.is_file(), reason="needs ../shared/tools/convert"),
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in ("java", "javac", "mvn", "bash")),
        reason="HL7's converter needs Java 17 and Maven",
    ),
]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped topics, and some of 200 made at random, in a folder for each release."""
    folder = tmp_path_factory.mktemp("published")
    for release in RELEASES:
        (folder / release).mkdir()
    result = build(ROOT / "definitions", output=folder / "output")
    assert result.exit_code == 0, result.diagnostics
    for release in RELEASES:
        for path in (folder / "output" / release).glob("[A-Z]*-*.json"):
            if path.name.partition("-")[0] not in UNKNOWN:
                shutil.copy(path, folder / release)
    for seed in range(sample(40, of=200)):
        _publish_random(seed, folder)
    return folder


def _publish_random(seed: int, folder: Path) -> None:
    from random_topics import random_topic

    for resource in compile_topic(*random_topic(seed)).resources:
        type_name = resource["resourceType"]
        if type_name in UNKNOWN:
            continue
        for name in RELEASES:
            release = releases.get(name)
            (lowered,) = release.lower(resource).resources
            content = emit(lowered, element_order(release.fhir.version)).file_bytes
            (folder / name / f"{type_name}-random{seed}.{resource['id']}.json").write_bytes(content)


@pytest.mark.parametrize("release", ["r4b", "r4"])
def test_it_agrees_but_for_what_is_listed(release: str, published: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        ["bash", str(CONVERT), str(published / "r5"), str(tmp_path), release],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stderr

    met: set[str] = set()
    faults: dict[str, str] = {}
    converted = sorted(tmp_path.glob("*.json"))
    for path in converted:
        ours = json.loads((published / release / path.name).read_bytes())
        for fault in unexpected(release, ours, json.loads(path.read_bytes()), met):
            faults.setdefault(
                fault.path, f"{path.name}: ours {fault.ours!r:.300}, theirs {fault.theirs!r:.300}"
            )
    assert not faults, json.dumps(faults, indent=1)
    assert len(converted) == len(list((published / "r5").glob("*.json"))) > 300
    stale = {rule.path for rule in DELIBERATE if release in rule.releases} - met
    assert not stale, "no longer needed in converter_differences.py"
