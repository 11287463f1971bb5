"""The official packages, as the tools of the FHIR world have unpacked them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.packages import (
    CacheFolders,
    PackageSet,
    core_profiles,
    installed_packages,
    open_installed,
)
from fhir_kb.packages.cache import folder_index as indexing
from fhir_kb.packages.core.definitions import CORE

SOURCES = {
    "profiles-r4": "hl7.fhir.r4.core#4.0.1",
    "profiles-r4b": "hl7.fhir.r4b.core#4.3.0",
    "profiles-r5": "hl7.fhir.r5.core#5.0.0",
    "extensions-r4": "hl7.fhir.uv.extensions.r4#5.3.0-ballot-tc1",
    "extensions-r5": "hl7.fhir.uv.extensions.r5#5.3.0-ballot-tc1",
}
pytestmark = pytest.mark.lab


@pytest.fixture(name="here")
def own_folders(official_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> CacheFolders:
    return CacheFolders(official_packages, tmp_path_factory.mktemp("own"))


def test_all_open_without_problems(here: CacheFolders) -> None:
    packages = [
        open_installed(name, version, here) for name, version, _ in installed_packages(here)
    ]
    assert len(packages) >= 5
    assert PackageSet(packages).problems() == ()


def test_everything_that_an_index_names_is_found_where_it_says(here: CacheFolders) -> None:
    package = open_installed("hl7.terminology.r5", "7.0.1", here)
    entries = list(package.entries())
    assert len(entries) > 4000
    for entry in entries[::50]:
        found = package.find(f"{entry.url}|{entry.version}", entry.resource_type)
        assert found is not None
        assert found["url"] == entry.url
        stated = json.loads((package.folder / entry.file).read_text(encoding="utf-8"))
        assert stated["url"] == entry.url


def test_the_second_opening_reads_the_index_that_was_kept(
    here: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://terminology.hl7.org/CodeSystem/v3-ActMood"
    made: list[Path] = []
    making = indexing._build

    def counted(folder: Path, names: list[str], *, is_package: bool) -> indexing.FolderIndex:
        made.append(folder)
        return making(folder, names, is_package=is_package)

    monkeypatch.setattr(indexing, "_build", counted)
    for _ in range(2):
        assert open_installed("hl7.terminology.r5", "7.0.1", here).find(url) is not None
    assert len(made) == 1


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0", "5.0.0"])
def test_what_ships_says_the_same_as_the_package(here: CacheFolders, version: str) -> None:
    shipped = core_profiles(version)
    package = next(
        open_installed(name, v, here)
        for name, v, _ in installed_packages(here)
        if name.endswith(".core") and v == version
    )
    compared = 0
    for entry in package.entries():
        if entry.resource_type == "StructureDefinition" and entry.kind != "logical":
            ours = shipped.find(f"{entry.url}|{entry.version}", "StructureDefinition")
            theirs = package.read(entry)
            assert ours is not None, entry.url
            assert facts(ours) == facts(theirs), entry.url
            compared += 1
    assert compared > 250


def facts(definition: Any) -> list[Any]:
    return [
        (e["path"], e.get("id"), e.get("min"), e.get("max"), e.get("sliceName"), e.get("slicing"))
        for e in (definition.get("snapshot") or definition["differential"])["element"]
    ]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_ships_is_what_the_script_makes(
    name: str,
    official_packages: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    load_script: Callable[[str], Any],
) -> None:
    script = load_script("make_profiles")
    monkeypatch.setattr(script, "CORE", tmp_path)
    script.main([str(official_packages / SOURCES[name])])
    made, kept = (folder / f"{name}.ndjson.gz" for folder in (tmp_path, CORE))
    # without the index, which has the sizes of the compressed blocks: these differ between zlibs
    lines = [gzip.decompress(file.read_bytes()).split(b"\n")[1:] for file in (made, kept)]
    assert lines[0] == lines[1]
