"""Opening packages and finding resources in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from making import BASE, files_of, install, resource, tgz, write

from fhir_kb.packages import (
    CacheFolders,
    Package,
    PackageError,
    PackageSet,
    cache_folders,
    installed_packages,
    open_installed,
    open_package,
)
from fhir_kb.packages.cache import folder_index as indexing
from fhir_kb.packages.dependencies.lock_file import content_digest

SET = f"{BASE}/ValueSet/colours"


def colours(where: CacheFolders, version: str = "1.0.0", name: str = "org.example.a") -> Package:
    install(where.packages, name, version, resource("ValueSet", "colours", version))
    return open_installed(name, version, where)


def test_an_installed_package_tells_what_it_is(where: CacheFolders) -> None:
    install(where.packages, "org.example.a", "1.2.3", dependencies={"org.example.b": "2.x"})
    package = open_installed("org.example.a", "1.2.3", where)
    assert (package.name, package.version, package.label) == (
        "org.example.a",
        "1.2.3",
        "org.example.a#1.2.3",
    )
    assert package.fhir_versions == ("4.0.1",)
    assert package.dependencies == {"org.example.b": "2.x"}


def test_a_resource_is_found_by_url_version_and_type(where: CacheFolders) -> None:
    package = colours(where)
    found = package.find(SET)
    assert found is not None
    assert found["id"] == "colours"
    assert package.find(SET + "|1.0.0") is found
    assert package.find(SET + "|1.0", "ValueSet") is found
    assert package.find(SET, "CodeSystem") is None
    assert package.find(SET + "|2.0.0") is None
    assert package.find(SET + "s") is None


def test_an_entry_tells_what_a_structure_definition_is(where: CacheFolders) -> None:
    profile = resource(
        "StructureDefinition", "p", kind="resource", type="Patient", derivation="constraint",
        baseDefinition="http://hl7.org/fhir/StructureDefinition/Patient",
    )  # fmt: skip
    install(where.packages, "org.example.a", "1.0.0", profile)
    (entry,) = open_installed("org.example.a", "1.0.0", where).entries()
    assert entry._asdict() == {
        "url": f"{BASE}/StructureDefinition/p",
        "version": "1.0.0",
        "resource_type": "StructureDefinition",
        "id": "p",
        "kind": "resource",
        "type": "Patient",
        "derivation": "constraint",
        "base": "http://hl7.org/fhir/StructureDefinition/Patient",
        "file": "StructureDefinition-p.json",
    }


def test_of_several_packages_the_newest_version_wins_in_any_order(where: CacheFolders) -> None:
    old, new = colours(where, "1.9.0"), colours(where, "1.10.0", "org.example.b")
    for packages in ((old, new), (new, old)):
        found = PackageSet(packages).find(SET)
        assert found is not None
        assert found["version"] == "1.10.0"
        older = PackageSet(packages).find(SET + "|1.9.0")
        assert older is not None
        assert older["version"] == "1.9.0"


def test_of_equal_versions_the_first_package_wins(where: CacheFolders) -> None:
    one = resource("ValueSet", "colours", title="one")
    other = resource("ValueSet", "colours", title="other")
    install(where.packages, "org.example.a", "1.0.0", one)
    install(where.packages, "org.example.b", "1.0.0", other)
    a, b = (open_installed(f"org.example.{x}", "1.0.0", where) for x in "ab")
    for packages, title in (((a, b), "one"), ((b, a), "other")):
        found = PackageSet(packages).find(SET)
        assert found is not None
        assert found["title"] == title


def test_the_second_opening_reads_the_index_and_one_file(
    where: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours(where).find(SET)
    monkeypatch.setattr(indexing, "_build", lambda *_, **__: pytest.fail("all files are read"))
    found = open_installed("org.example.a", "1.0.0", where).find(SET)
    assert found is not None


def test_a_damaged_index_is_made_anew(where: CacheFolders) -> None:
    colours(where).find(SET)
    for damage in (b"", b"{}", b'{"format":1}', b"[1]", b"\xff"):
        (index,) = (where.own / "indexes").iterdir()
        index.write_bytes(damage)
        assert open_installed("org.example.a", "1.0.0", where).find(SET) is not None


def test_without_a_place_for_the_index_it_is_made_each_time(where: CacheFolders) -> None:
    where.own.parent.mkdir(parents=True, exist_ok=True)
    where.own.write_text("a file where the folder should be")
    assert colours(where).find(SET) is not None


def test_a_file_that_was_edited_in_a_package_is_noticed(where: CacheFolders) -> None:
    folder = colours(where).folder
    PackageSet([open_installed("org.example.a", "1.0.0", where)]).find(SET)
    file = folder / "ValueSet-colours.json"
    file.write_text(json.dumps(resource("ValueSet", "shades")), encoding="utf-8")
    package = open_installed("org.example.a", "1.0.0", where)
    assert package.find(SET) is None
    assert package.find(f"{BASE}/ValueSet/shades") is not None


def test_a_folder_of_resources_is_read_with_what_is_below(
    where: CacheFolders, tmp_path: Path
) -> None:
    write(
        tmp_path / "also",
        {
            "a/colours.json": json.dumps(resource("ValueSet", "colours")).encode(),
            ".git/x.json": json.dumps(resource("ValueSet", "hidden")).encode(),
            "notes.json": b'{"resources": []}',
            "notes.txt": b"nothing",
        },
    )
    package = open_package(tmp_path / "also", where)
    assert package.name == ""
    assert package.find(SET) is not None
    assert package.find(f"{BASE}/ValueSet/hidden") is None
    assert package.problems == ()


def test_what_stands_in_a_bundle_of_a_folder_is_found(where: CacheFolders, tmp_path: Path) -> None:
    entries: list[object] = [{}, 3, {"resource": resource("ValueSet", "colours")}, {"resource": 1}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    write(tmp_path / "also", {"b.json": json.dumps(bundle).encode()})
    package = open_package(tmp_path / "also", where)
    found = package.find(SET)
    assert found is not None
    assert found["id"] == "colours"
    assert [entry.file for entry in package.entries()] == ["b.json//2"]
    entries.pop(0)
    (tmp_path / "also" / "b.json").write_text(json.dumps(bundle), encoding="utf-8")
    again = open_package(tmp_path / "also", where)
    assert again.find(SET) == found


def test_one_file_is_as_good_as_a_folder(where: CacheFolders, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps(resource("ValueSet", "colours")), encoding="utf-8")
    assert open_package(file, where).find(SET) is not None
    file.write_text("{", encoding="utf-8")
    (problem,) = open_package(file, where).problems
    assert problem.startswith("'x.json' cannot be used")


def test_a_folder_of_resources_is_read_again_when_a_file_changes(
    where: CacheFolders, tmp_path: Path
) -> None:
    file = tmp_path / "also" / "x.json"
    write(tmp_path / "also", {"x.json": json.dumps(resource("ValueSet", "other")).encode()})
    assert open_package(tmp_path / "also", where).find(SET) is None
    file.write_text(json.dumps(resource("ValueSet", "colours")), encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert open_package(tmp_path / "also", where).find(SET) is not None


def test_a_tgz_is_opened_and_unpacked_once(where: CacheFolders, tmp_path: Path) -> None:
    archive = tmp_path / "a.tgz"
    archive.write_bytes(tgz(files_of("org.example.a", "1.0.0", resource("ValueSet", "colours"))))
    package = open_package(archive, where)
    assert package.label == "org.example.a#1.0.0"
    assert package.find(SET) is not None
    (package.folder / "ValueSet-colours.json").unlink()
    assert open_package(archive, where).folder == package.folder
    assert not (package.folder / "ValueSet-colours.json").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON: line 1, column 2"),
        (b"", "not JSON"),
        (b"[]", "not an object"),
        (b"[" * 10_000, "nested too deeply"),
        (b'{"resourceType":"ValueSet","x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001, "deeply"),
        (json.dumps(resource("ValueSet", "colours")).encode("utf-16"), "UTF-16"),
        ('{"title": "Größe"}'.encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_broken_file_is_told_and_does_not_hide_the_others(
    where: CacheFolders, content: bytes, reason: str
) -> None:
    folder = install(where.packages, "org.example.a", "1.0.0", resource("ValueSet", "colours"))
    (folder / "ValueSet-broken.json").write_bytes(content)
    package = open_installed("org.example.a", "1.0.0", where)
    assert package.find(SET) is not None
    (problem,) = PackageSet([package]).problems()
    assert problem.startswith("org.example.a#1.0.0: 'ValueSet-broken.json' cannot be used: ")
    assert reason in problem


def test_asking_for_a_broken_resource_is_an_error_not_a_silence(where: CacheFolders) -> None:
    folder = install(where.packages, "org.example.a", "1.0.0")
    listed = resource("ValueSet", "colours") | {"filename": "ValueSet-colours.json"}
    index = {"index-version": 2, "files": [listed]}
    (folder / ".index.json").write_text(json.dumps(index), encoding="utf-8")
    (folder / "ValueSet-colours.json").write_bytes(b'{"resourceType": "ValueSet", ')
    with pytest.raises(PackageError, match=r"'ValueSet-colours.json' in package") as caught:
        open_installed("org.example.a", "1.0.0", where).find(SET)
    assert caught.value.help == ("Get the package again: fhir-kb packages get org.example.a#1.0.0")


def test_a_byte_order_mark_is_passed_over(where: CacheFolders) -> None:
    folder = install(where.packages, "org.example.a", "1.0.0")
    content = json.dumps(resource("ValueSet", "colours")).encode("utf-8-sig")
    (folder / "ValueSet-colours.json").write_bytes(content)
    assert open_installed("org.example.a", "1.0.0", where).find(SET) is not None


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("{", "not JSON"),
        ("{}", "its name is not valid: None"),
        ('{"name": "../../etc", "version": "1.0.0"}', "its name is not valid"),
        ('{"name": "a.b", "version": "../1"}', "its version is not valid"),
        ('{"name": "a.b", "version": "1.0.0", "dependencies": {"a/b": "1"}}', "dependencies"),
        ('{"name": "a.b", "version": "1.0.0", "dependencies": [1]}', "dependencies"),
    ],
)
def test_a_broken_manifest_is_an_error(
    where: CacheFolders, tmp_path: Path, stated: str, reason: str
) -> None:
    write(tmp_path / "p", {"package/package.json": stated.encode()})
    with pytest.raises(PackageError, match=reason) as caught:
        open_package(tmp_path / "p", where)
    assert caught.value.help


def test_a_missing_package_is_an_error_with_advice(where: CacheFolders) -> None:
    with pytest.raises(PackageError, match=r"org\.example\.x#1\.0\.0 is not on this") as caught:
        open_installed("org.example.x", "1.0.0", where)
    assert "fhir-kb packages get org.example.x#1.0.0" in caught.value.help
    assert str(where.packages / "org.example.x#1.0.0") in caught.value.help


@pytest.mark.parametrize(("name", "version"), [("..", "1"), ("a/../b", "1"), ("a.b", "../../x")])
def test_a_name_never_leads_out_of_the_cache(where: CacheFolders, name: str, version: str) -> None:
    with pytest.raises(PackageError, match="not on this machine"):
        open_installed(name, version, where)


def test_what_is_no_package_is_refused(where: CacheFolders, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(PackageError, match="is not a FHIR package"):
        open_package(tmp_path / "x.txt", where)
    with pytest.raises(PackageError, match="there is no"):
        open_package(tmp_path / "nowhere", where)
    (tmp_path / "x.tgz").write_bytes(tgz({"readme.md": b"hello"}))
    with pytest.raises(PackageError, match=r"no package/package\.json"):
        open_package(tmp_path / "x.tgz", where)


def test_installed_lists_packages_only(where: CacheFolders) -> None:
    assert installed_packages(where) == []
    install(where.packages, "org.example.b", "1.0.0")
    install(where.packages, "org.example.a", "2.0.0")
    (where.packages / "org.example.c#1.0.0").mkdir()
    (where.packages / "packages.ini").write_text("[cache]\nversion = 4\n")
    assert [(name, version) for name, version, _ in installed_packages(where)] == [
        ("org.example.a", "2.0.0"),
        ("org.example.b", "1.0.0"),
    ]


def test_the_environment_says_where_packages_are(tmp_path: Path) -> None:
    found = cache_folders(
        {"FHIR_PACKAGE_CACHE": str(tmp_path / "a"), "FHIR_KB_CACHE": str(tmp_path)}
    )
    assert (found.packages, found.own) == (tmp_path / "a", tmp_path)
    assert cache_folders({}).packages == Path.home() / ".fhir" / "packages"


def test_errors_pass_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(PackageError("what", "do")))
    assert (error.message, error.help, error.help) == ("what", "do", "do")


def test_definitions_in_folders_of_a_package_are_found_and_examples_are_not(
    where: CacheFolders,
) -> None:
    folder = install(where.packages, "a.b", "1.0.0", resource("ValueSet", "top"))
    inside = {"profiles": "one", "profiles/deeper": "two", "example": "three", "tests": "four"}
    for name, value_set in inside.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        content = json.dumps(resource("ValueSet", value_set))
        (folder / name / f"{value_set}.json").write_text(content, encoding="utf-8")
    package = open_installed("a.b", "1.0.0", where)
    found = {entry.id for entry in package.entries()}
    assert found == {"top", "one", "two"}
    two = package.find(f"{BASE}/ValueSet/two")
    assert two is not None
    assert two["id"] == "two"
    (folder / "profiles" / "new.json").write_text(json.dumps(resource("ValueSet", "new")))
    again = open_installed("a.b", "1.0.0", where)
    assert again.find(f"{BASE}/ValueSet/new") is not None


def test_the_digest_of_a_package_covers_all_that_may_define_something(where: CacheFolders) -> None:
    folder = install(where.packages, "a.b", "1.0.0", resource("ValueSet", "top"))
    digests = [content_digest(folder)]
    for name in ("inner/a.json", "inner/b.xml", "c.xml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
        digests.append(content_digest(folder))
    assert len(set(digests)) == 4
    (folder / "example").mkdir()
    (folder / "example" / "a.json").write_text("{}")
    assert content_digest(folder) == digests[-1]
