"""Opening packages with all that they need, from this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import BASE, files_of, install, resource, tgz, write

from fhir_kb.packages import CacheFolders, PackageError
from fhir_kb.packages.dependencies.lock_file import LockedPackage
from fhir_kb.packages.dependencies.resolution import load_packages

pytestmark = pytest.mark.disable_socket


def labels(where: CacheFolders, *words: str, **more: object) -> list[str]:
    loaded = load_packages(words, where, **more)  # type: ignore[arg-type]
    assert not loaded.missing
    return [package.label for package in loaded.packages.packages]


def test_what_is_needed_comes_along(where: CacheFolders) -> None:
    core = {"hl7.fhir.r4.core": "4.0.1"}
    install(where.packages, "a.b", "1.0.0", dependencies={"c.d": "2.0.x", **core})
    install(where.packages, "c.d", "2.0.0", dependencies={"a.b": "1.0.0"})
    install(where.packages, "c.d", "2.0.7", dependencies={"a.b": "1.0.0"})
    assert labels(where, "a.b#1.0.0") == ["a.b#1.0.0", "c.d#2.0.7"]
    assert labels(where, "a.b@1.0.x") == ["a.b#1.0.0", "c.d#2.0.7"]


def test_two_versions_of_one_package_may_be_needed(where: CacheFolders) -> None:
    install(where.packages, "a.b", "1.0.0", dependencies={"c.d": "1.0.0"})
    install(where.packages, "e.f", "1.0.0", dependencies={"c.d": "2.0.0"})
    install(where.packages, "c.d", "1.0.0")
    install(where.packages, "c.d", "2.0.0")
    assert labels(where, "a.b", "e.f") == ["a.b#1.0.0", "e.f#1.0.0", "c.d#1.0.0", "c.d#2.0.0"]


def test_a_core_package_is_taken_where_it_is_there(where: CacheFolders) -> None:
    install(where.packages, "a.b", "1.0.0", dependencies={"hl7.fhir.r4.core": "4.0.1"})
    install(where.packages, "hl7.fhir.r4.core", "4.0.1")
    assert labels(where, "a.b") == ["a.b#1.0.0", "hl7.fhir.r4.core#4.0.1"]


def test_what_is_locked_is_preferred(where: CacheFolders) -> None:
    install(where.packages, "a.b", "1.0.0")
    install(where.packages, "a.b", "1.1.0")
    assert labels(where, "a.b#1.x", locked=[LockedPackage("a.b", "1.0.0", "")]) == ["a.b#1.0.0"]
    assert labels(where, "a.b#1.x", locked=[LockedPackage("a.b", "1.0.9", "")]) == ["a.b#1.1.0"]


def test_a_missing_dependency_is_told_and_a_missing_package_is_an_error(
    where: CacheFolders,
) -> None:
    install(where.packages, "a.b", "1.0.0", dependencies={"c.d": "2.0.0"})
    (missing,) = load_packages(["a.b"], where).missing
    assert (str(missing.requirement), missing.required_by) == ("c.d#2.0.0", "a.b#1.0.0")
    with pytest.raises(PackageError, match=r"c\.d#2\.0\.0 is not on this machine"):
        load_packages(["a.b", "c.d#2.0.0"], where)


def test_files_and_folders_come_first_and_bring_what_they_need(
    where: CacheFolders, tmp_path: Path
) -> None:
    also = tmp_path / "also"
    write(also, {"x.json": b'{"resourceType":"ValueSet","url":"http://example.org/x"}'})
    archive = tmp_path / "p.tgz"
    content = files_of("p.q", "1.0.0", resource("ValueSet", "c"), dependencies={"c.d": "1.0.0"})
    archive.write_bytes(tgz(content))
    install(where.packages, "c.d", "1.0.0")
    found = load_packages([str(archive)], where, also=[also])
    assert [p.label for p in found.packages.packages] == [str(also), "p.q#1.0.0", "c.d#1.0.0"]
    assert found.packages.find(f"{BASE}/ValueSet/c") is not None
    assert found.packages.find("http://example.org/x") is not None


def test_packages_that_need_each_other_without_end_are_refused(
    where: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_kb.packages.dependencies.resolution.MAX_PACKAGES", 3)
    for number in range(6):
        needs = {f"a.p{number + 1}": "1.0.0"}
        install(where.packages, f"a.p{number}", "1.0.0", dependencies=needs)
    with pytest.raises(PackageError, match="more than 3 packages"):
        load_packages(["a.p0"], where)
