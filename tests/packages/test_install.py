"""Getting packages from a registry that is really there, on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import BASE, install
from publishing import Registry, published
from serving import Asked, Reply

from fhir_kb.net import Access, Client
from fhir_kb.packages import CacheFolders, PackageError, PackageSet, open_installed, open_package
from fhir_kb.packages.dependencies.lock_file import LockedPackage, lock_file_bytes, read_lock_file
from fhir_kb.packages.dependencies.versions import parse_requirement
from fhir_kb.packages.registry import npm as asking
from fhir_kb.packages.registry.install import InstalledPackage, PackageInstaller

SET = f"{BASE}/ValueSet/colours"
TOKEN = "s3cret-t0ken"

Getter = Callable[..., list[InstalledPackage]]


@pytest.fixture(name="get")
def getter(registry: Registry, where: CacheFolders) -> Getter:
    def get(
        *words: str, locked: tuple[LockedPackage, ...] = (), token: str = TOKEN
    ) -> list[InstalledPackage]:
        return installer(registry, where, locked, token).install(map(parse_requirement, words))

    return get


def installer(
    registry: Registry,
    where: CacheFolders,
    locked: tuple[LockedPackage, ...] = (),
    token: str = TOKEN,
) -> PackageInstaller:
    client = Client(Access(registry.web.url, token), sleep=lambda _: None)
    return PackageInstaller(where, asking.Registry(registry.web.url, client), locked=locked)


def labels(packages: list[InstalledPackage]) -> list[str]:
    return [one.label for one in packages]


def test_a_package_is_got_checked_and_opened(
    registry: Registry, where: CacheFolders, get: Getter
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    (one,) = get("org.example.kb.r4#1.0.0")
    assert one.is_new
    assert one.folder == where.packages / "org.example.kb.r4#1.0.0"
    found = PackageSet([open_installed("org.example.kb.r4", "1.0.0", where)]).find(SET)
    assert found is not None
    assert found["version"] == "1.0.0"
    assert (where.packages / "packages.ini").read_text() == "[cache]\nversion = 4\n"
    assert not list((where.own / "downloads").iterdir())


def test_what_is_there_is_not_asked_for_again(registry: Registry, get: Getter) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    get("org.example.kb.r4#1.0.0")
    asked = len(registry.web.asked)
    (again,) = get("org.example.kb.r4#1.0.0")
    assert not again.is_new
    assert len(registry.web.asked) == asked


def test_ranges_and_latest_are_asked_of_the_registry(registry: Registry, get: Getter) -> None:
    for version in ("1.0.0", "1.0.1", "1.1.0", "2.0.0-ballot"):
        registry.publish("org.example.kb.r4", version)
    registry.latest["org.example.kb.r4"] = "1.1.0"
    assert labels(get("org.example.kb.r4#1.0.x")) == ["org.example.kb.r4#1.0.1"]
    assert labels(get("org.example.kb.r4")) == ["org.example.kb.r4#1.1.0"]
    assert labels(get("org.example.kb.r4#latest")) == ["org.example.kb.r4#1.1.0"]


def test_dependencies_come_along_but_not_what_ships(registry: Registry, get: Getter) -> None:
    registry.publish("org.example.a.r4", "1.0.0", org_example_b_r4="2.x")
    registry.publish("org.example.b.r4", "2.0.0", org_example_c_r4="1.0.0")
    registry.publish("org.example.b.r4", "2.3.0", org_example_c_r4="1.0.0")
    registry.publish("org.example.c.r4", "1.0.0", org_example_a_r4="1.0.0")
    assert labels(get("org.example.a.r4#1.0.0")) == [
        "org.example.a.r4#1.0.0",
        "org.example.b.r4#2.3.0",
        "org.example.c.r4#1.0.0",
    ]
    assert not any("hl7.fhir.r4.core" in path for path in registry.paths())


def test_a_dependency_that_is_nowhere_names_who_needs_it(registry: Registry, get: Getter) -> None:
    registry.publish("org.example.a.r4", "1.0.0", org_example_gone_r4="1.0.0")
    with pytest.raises(
        PackageError, match=r"org\.example\.gone\.r4#1\.0\.0, which org\.example\.a"
    ):
        get("org.example.a.r4#1.0.0")


def test_a_version_that_is_nowhere_is_told_with_those_that_are(
    registry: Registry, get: Getter
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    with pytest.raises(PackageError, match="the registry has no package") as caught:
        get("org.example.kb.r4#3.x")
    assert caught.value.help == "It has 1.0.0"


@pytest.mark.parametrize("algorithm", ["shasum", "integrity"])
def test_a_file_that_is_not_the_one_meant_is_refused(
    registry: Registry, where: CacheFolders, get: Getter, algorithm: str
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    true = registry.version

    def false(name: str, version: str) -> dict[str, Any]:
        about = true(name, version)
        about["dist"][algorithm] = {"shasum": "0" * 40, "integrity": "sha512-AAAA"}[algorithm]
        return about

    registry.version = false  # type: ignore[method-assign]
    with pytest.raises(PackageError, match="is damaged or replaced"):
        get("org.example.kb.r4#1.0.0")
    assert not (where.packages / "org.example.kb.r4#1.0.0").exists()
    assert not list((where.own / "downloads").iterdir())


def test_a_registry_that_says_little_is_understood(registry: Registry, get: Getter) -> None:
    content = registry.publish("org.example.kb.r4", "1.0.0")

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/1.0.0"):
            return Reply(content)
        stated = {"name": "org.example.kb.r4", "versions": {"1.0.0": {}, "../evil": {}, "x": 3}}
        return Reply(json.dumps(stated).encode())

    registry.web.answer = answer
    assert labels(get("org.example.kb.r4")) == ["org.example.kb.r4#1.0.0"]


def test_another_package_than_asked_for_is_refused(
    registry: Registry, where: CacheFolders, get: Getter
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    registry.packages["org.example.kb.r4", "1.0.0"] = published("org.example.other.r4", "1.0.0")
    with pytest.raises(PackageError, match=r"is package org\.example\.other\.r4#1\.0\.0"):
        get("org.example.kb.r4#1.0.0")
    assert not (where.packages / "org.example.kb.r4#1.0.0").exists()


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b"[" * 10_000, b'{"versions": 3}'])
def test_nonsense_of_a_registry_is_an_error(
    registry: Registry, get: Getter, content: bytes
) -> None:
    registry.web.answer = lambda asked: Reply(content)
    with pytest.raises(PackageError) as caught:
        get("org.example.kb.r4#1.0.0")
    assert caught.value.help


def test_the_token_is_sent_and_never_told(
    registry: Registry, where: CacheFolders, get: Getter
) -> None:
    registry.token = TOKEN
    registry.publish("org.example.kb.r4", "1.0.0")
    with pytest.raises(PackageError) as caught:
        get("org.example.kb.r4#1.0.0", token="wr0ng-t0ken")
    assert "HTTP 401" in caught.value.message
    assert "wr0ng-t0ken" not in f"{caught.value.message} {caught.value.help}"
    get("org.example.kb.r4#1.0.0")
    for path in where.own.parent.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


def test_a_file_on_another_server_is_got_without_the_token(registry: Registry, get: Getter) -> None:
    from serving import web

    registry.token = TOKEN
    content = registry.publish("org.example.kb.r4", "1.0.0")
    with web() as files:
        files.answer = lambda asked: Reply(content)
        true = registry.version

        def elsewhere(name: str, version: str) -> dict[str, Any]:
            about = true(name, version)
            about["dist"]["tarball"] = f"{files.url}/x.tgz?signature={TOKEN}"
            return about

        registry.version = elsewhere  # type: ignore[method-assign]
        get("org.example.kb.r4#1.0.0")
        assert "authorization" not in files.asked[0].headers


def test_what_is_got_can_be_locked_and_got_again_alike(
    registry: Registry, where: CacheFolders, get: Getter, tmp_path: Path
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    first = installer(registry, where)
    locked = first.locked(first.install([parse_requirement("org.example.kb.r4#1.x")]))
    file = tmp_path / "fhir-packages.lock"
    file.write_bytes(lock_file_bytes(locked))
    assert read_lock_file(file) == locked
    assert json.loads(file.read_text())["packages"] == [
        {
            "name": "org.example.kb.r4",
            "version": "1.0.0",
            "content": locked[0].content,
            "sha256": locked[0].sha256,
            "url": f"{registry.web.url}/org.example.kb.r4/-/org.example.kb.r4-1.0.0.tgz",
        }
    ]
    registry.publish("org.example.kb.r4", "1.5.0")
    assert labels(get("org.example.kb.r4#1.x", locked=locked)) == ["org.example.kb.r4#1.0.0"]
    elsewhere = CacheFolders(tmp_path / "other", tmp_path / "own2")
    again = installer(registry, elsewhere, locked)
    assert labels(again.install([parse_requirement("org.example.kb.r4#1.x")])) == [
        "org.example.kb.r4#1.0.0"
    ]
    assert again.locked([InstalledPackage("org.example.kb.r4", "1.0.0", elsewhere.packages
                                / "org.example.kb.r4#1.0.0", is_new=False)]) == locked  # fmt: skip


def test_a_version_that_was_published_again_is_refused(
    registry: Registry, where: CacheFolders, tmp_path: Path
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    first = installer(registry, where)
    locked = first.locked(first.install([parse_requirement("org.example.kb.r4#1.0.0")]))
    registry.publish("org.example.kb.r4", "1.0.0", {"resourceType": "ValueSet", "id": "new"})
    elsewhere = CacheFolders(tmp_path / "other", tmp_path / "own2")
    with pytest.raises(PackageError, match="has another SHA-256 than fhir-packages") as caught:
        installer(registry, elsewhere, locked).install(
            [parse_requirement("org.example.kb.r4#1.0.0")]
        )
    assert "fhir-kb packages lock" in caught.value.help
    assert not (elsewhere.packages / "org.example.kb.r4#1.0.0").exists()


def test_an_installed_package_that_was_changed_is_refused(
    registry: Registry, where: CacheFolders, get: Getter
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    first = installer(registry, where)
    packages = first.install([parse_requirement("org.example.kb.r4#1.0.0")])
    locked = first.locked(packages)
    (packages[0].folder / "package" / "ValueSet-colours.json").write_text("{}")
    with pytest.raises(PackageError, match="differs from fhir-packages"):
        get("org.example.kb.r4#1.0.0", locked=locked)


def test_a_package_that_others_installed_is_locked_by_its_content(
    registry: Registry, where: CacheFolders
) -> None:
    install(where.packages, "org.example.a", "1.0.0")
    one = installer(registry, where)
    (locked,) = one.locked(one.install([parse_requirement("org.example.a#1.0.0")]))
    assert (locked.sha256, locked.url) == ("", "")
    assert len(locked.content) == 64


@pytest.mark.disable_socket
def test_offline_what_is_here_is_taken_and_no_socket_opened(where: CacheFolders) -> None:
    install(where.packages, "org.example.a", "1.0.0", dependencies={"org.example.b": "1.x"})
    install(where.packages, "org.example.b", "1.4.0")
    offline = PackageInstaller(where, None, offline=True)
    assert labels(offline.install([parse_requirement("org.example.a")])) == [
        "org.example.a#1.0.0",
        "org.example.b#1.4.0",
    ]
    with pytest.raises(PackageError, match=r"org\.example\.x#1\.0\.0 is not on this") as caught:
        offline.install([parse_requirement("org.example.x#1.0.0")])
    assert caught.value.help.startswith("Run this without --offline; or unpack it to ")


@pytest.mark.disable_socket
def test_without_a_registry_the_advice_is_to_name_one(where: CacheFolders) -> None:
    with pytest.raises(PackageError) as caught:
        PackageInstaller(where, None).install([parse_requirement("org.example.x#1.0.0")])
    assert "FHIR_KB_REGISTRY" in caught.value.help


def test_a_place_that_cannot_be_written_is_an_error(
    registry: Registry, where: CacheFolders, get: Getter
) -> None:
    registry.publish("org.example.kb.r4", "1.0.0")
    where.packages.parent.mkdir(exist_ok=True)
    where.packages.write_text("a file where the folder should be")
    with pytest.raises(PackageError, match="cannot be stored") as caught:
        get("org.example.kb.r4#1.0.0")
    assert str(where.packages) in caught.value.help


def test_our_own_package_is_opened_from_its_file(where: CacheFolders, tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(published("org.example.kb.r4", "1.0.0", org_example_b_r4="1.0.0"))
    package = open_package(archive, where)
    assert package.label == "org.example.kb.r4#1.0.0"
    assert package.dependencies == {"hl7.fhir.r4.core": "4.0.1", "org.example.b.r4": "1.0.0"}


@pytest.mark.parametrize(
    "content",
    ["", "{", "{}", '{"format": 2, "packages": []}', '{"format": 1, "packages": [1]}',
     '{"format": 1}',
     '{"format": 1, "packages": [{"name": "../x", "version": "1", "content": ""}]}',
     '{"format": 1, "packages": [{"name": "a.b", "version": 1, "content": ""}]}'],
)  # fmt: skip
def test_a_damaged_lock_file_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "fhir-packages.lock"
    file.write_text(content)
    with pytest.raises(PackageError, match="cannot be used") as caught:
        read_lock_file(file)
    assert "fhir-kb packages lock" in caught.value.help


def test_without_a_lock_file_nothing_is_locked(tmp_path: Path) -> None:
    assert read_lock_file(tmp_path / "fhir-packages.lock") == ()


def test_a_lock_file_is_the_same_in_any_order() -> None:
    a, b = LockedPackage("a.b", "1.0.0", "x"), LockedPackage("a.b", "1.0.1", "y")
    assert lock_file_bytes((a, b)) == lock_file_bytes((b, a))


def test_a_moving_version_is_refused_with_all_that_lead_to_it(
    registry: Registry, get: Getter
) -> None:
    registry.publish("org.example.a.r4", "1.0.0", org_example_b_r4="1.0.0")
    registry.publish("org.example.b.r4", "1.0.0", org_example_c_r4="current")
    message = (
        r"org\.example\.c\.r4#current' cannot be used: its content changes .*, which "
        r"org\.example\.b\.r4#1\.0\.0 depends on, and org\.example\.a\.r4#1\.0\.0 on org"
    )
    with pytest.raises(PackageError, match=message):
        get("org.example.a.r4#1.0.0")
