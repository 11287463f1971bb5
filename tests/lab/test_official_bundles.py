"""The official HL7 validator accepts the bundles, the guide and the package that are published."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from environ import SHARED
from sample import BASE, FHIR_VERSIONS, sample
from unpacking import unpack

from fhir_kb import publish
from fhir_kb.emit import canonical_json, element_order, emit

pytestmark = [pytest.mark.lab, pytest.mark.slow]

VALIDATE = SHARED / "tools" / "official-validator" / "validate"
INFO = publish.PackageInfo(
    name="org.example.kb",
    version="1.0.0",
    canonical=BASE,
    title="Example",
    description="An example",
    publisher="Example hospital",
    license="CC-BY-4.0",
    date="2025-11-03",
    dependencies={
        release: (publish.Dependency("org.example.base", "1.0.0", f"{BASE}/ImplementationGuide/x"),)
        for release in FHIR_VERSIONS
    },
)


@pytest.mark.parametrize("release", FHIR_VERSIONS)
def test_bundles_and_guide_have_no_error(release: str, tmp_path: Path) -> None:
    if not VALIDATE.exists():
        pytest.skip(f"no official validator at {VALIDATE}")
    version = FHIR_VERSIONS[release]
    resources = [emit(one, element_order(version)) for one in sample(release)]
    files = publish.files_for_release(resources, release, version, INFO)
    checked = tmp_path / "checked"
    checked.mkdir()
    for path, content in files.items():
        if "/bundle." in path:
            (checked / Path(path).name).write_bytes(content.to_bytes())
    (checked / "bundle.batch.json").write_bytes(publish.batch(resources, BASE).to_bytes())
    guide = publish.implementation_guide(resources, INFO, release, version)
    (checked / "guide.json").write_bytes(canonical_json(guide))
    package = tmp_path / "package.tgz"
    package.write_bytes(files[f"{release}/package.tgz"].to_bytes())
    errors = _errors(version, package, checked, tmp_path / "messages.jsonl")
    assert not errors, "\n".join(errors)


def _errors(version: str, package: Path, checked: Path, messages: Path) -> list[str]:
    """What the validator refuses, with our package loaded; references resolve into its content."""
    unpacked = messages.with_name("resources")
    unpack(package, unpacked)
    command = [VALIDATE, "--fhir", version, "--ig", package, "--also", unpacked / "package"]
    done = subprocess.run(
        [*command, "--jsonl", messages, checked], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    rows = [json.loads(line) for line in messages.read_text("utf-8").splitlines()]
    assert len(rows) == len(list(checked.iterdir()))
    return [
        f"{Path(row['file']).name}: {found['location']}: {found['message']}"
        for row in rows
        for found in row["messages"]
        if found["severity"] in {"error", "fatal"}
    ]
