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


def test_an_alias_stands_for_the_package_that_it_names(where: CacheFolders) -> None:
    """As the IG publisher writes several versions of one package."""
    needs = {"v1@npm:c.d": "1.0.0", "c.d": "2.0.0", "c.d.older": "npm:c.d@0.9.0"}
    install(where.packages, "a.b", "1.0.0", dependencies=needs)
    for version in ("0.9.0", "1.0.0", "2.0.0"):
        install(where.packages, "c.d", version)
    found = labels(where, "a.b")
    assert found[0] == "a.b#1.0.0"
    assert sorted(found[1:]) == ["c.d#0.9.0", "c.d#1.0.0", "c.d#2.0.0"]


@pytest.mark.parametrize("moving", ["current", "dev", "current$main"])
def test_a_given_package_meets_a_moving_version(
    where: CacheFolders, tmp_path: Path, moving: str
) -> None:
    install(where.packages, "a.b", "1.0.0", dependencies={"c.d": moving})
    (missing,) = load_packages(["a.b"], where).missing
    assert missing.required_by == "a.b#1.0.0"
    install(where.packages, "c.d", "0.1.0")
    assert load_packages(["a.b"], where).missing, "nobody gave that version"
    assert labels(where, "a.b", "c.d#0.1.0") == ["a.b#1.0.0", "c.d#0.1.0"]
    file = tmp_path / "given.tgz"
    file.write_bytes(tgz(files_of("c.d", "3.0.0-cibuild")))
    assert labels(where, "a.b", str(file)) == ["c.d#3.0.0-cibuild", "a.b#1.0.0"]


def test_a_build_in_the_package_cache_meets_the_version_that_it_has(where: CacheFolders) -> None:
    install(where.packages, "a.b", "1.0.0", dependencies={"c.d": "current"})
    install(where.packages, "c.d", "current")
    assert labels(where, "a.b") == ["a.b#1.0.0", "c.d#current"]


def test_a_given_file_is_what_others_depend_on(where: CacheFolders, tmp_path: Path) -> None:
    for name, needs in (("a.b", {"c.d": "2.0.x"}), ("c.d", {"a.b": "1.0.0"})):
        version = "1.0.0" if name == "a.b" else "2.0.3"
        (tmp_path / f"{name}.tgz").write_bytes(tgz(files_of(name, version, dependencies=needs)))
    files = [str(tmp_path / "a.b.tgz"), str(tmp_path / "c.d.tgz")]
    assert labels(where, *files) == ["a.b#1.0.0", "c.d#2.0.3"]


def test_a_missing_package_names_all_that_lead_to_it(where: CacheFolders) -> None:
    install(where.packages, "a.b", "1.0.0", dependencies={"c.d": "1.0.0"})
    install(where.packages, "c.d", "1.0.0", dependencies={"e.f": "current", "g.h": "git+ssh://x"})
    missing = {entry.requirement.name: entry for entry in load_packages(["a.b"], where).missing}
    assert missing["e.f"].chain == ("c.d#1.0.0", "a.b#1.0.0")
    chain = "which c.d#1.0.0 depends on, and a.b#1.0.0 on c.d#1.0.0"
    assert missing["e.f"].chain_in_words == chain
    assert missing["g.h"].chain == ("c.d#1.0.0", "a.b#1.0.0")
    assert "git+ssh" in missing["g.h"].reason
