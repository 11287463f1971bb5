"""HAPI's own package installer takes the package and installs its resources."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hapi import HAPI
from sample import BASE, FHIR_VERSIONS, sample

from fhir_kb import publish
from fhir_kb.emit import element_order, emit

pytestmark = [pytest.mark.lab, pytest.mark.slow]

# HAPI installs only types that it is told of, and of those no draft.
TYPES = ("PlanDefinition", "ActivityDefinition", "Library", "ValueSet", "CodeSystem", "Evidence")
INFO = publish.PackageInfo(
    name="org.example.kb",
    version="1.0.0",
    canonical=BASE,
    title="Example",
    description="An example",
    publisher="Example hospital",
)


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_hapi_installs_the_package(release: str, tmp_path: Path) -> None:
    version = FHIR_VERSIONS[release]
    resources = [one for one in sample(release) if "url" in one]
    for one in resources:
        one["status"] = "active" if one["status"] == "draft" else one["status"]
    published = [emit(one, element_order(version)) for one in resources]
    package = tmp_path / "package.tgz"
    package.write_bytes(publish.package(published, INFO, release, version).to_bytes())
    name = INFO.of(release)[0]
    told = _java(tmp_path, release.upper(), name, "1.0.0", str(package), *TYPES)
    installed = dict(line.split()[1:] for line in told.splitlines() if line.startswith("INSTALLED"))
    assert installed == {kind: "2" if kind == "ActivityDefinition" else "1" for kind in TYPES}


def _java(folder: Path, *arguments: str) -> str:
    """Compile the installer's caller against the lab's HAPI server and run it."""
    if not HAPI.exists():
        pytest.skip(f"no HAPI server at {HAPI}")
    built = Path(_run(HAPI, "build").strip().splitlines()[-1])
    path = f"{built / 'classes'}:{(built / 'cp.txt').read_text().strip()}"
    source = Path(__file__).with_name("InstallPackage.java")
    _run("javac", "-nowarn", "-proc:none", "-cp", path, "-d", folder, source)
    return _run(
        "java", "-Xmx3g", "-cp", f"{folder}:{path}", "kblab.hapi.InstallPackage", *arguments
    )


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
