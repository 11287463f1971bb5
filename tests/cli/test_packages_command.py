"""`fhir-kb packages`, with a registry on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "net"))
sys.path.insert(0, str(Path(__file__).parents[1] / "packages"))

from making import files_of, install, resource, tgz
from publishing import Registry
from serving import web

if TYPE_CHECKING:
    from conftest import Ended

Command = Callable[..., "Ended"]
KB = """\
id: ward-kb
title: Ward
canonical: https://kb.example.org/fhir
version: 1.0.0
date: 2025-11-03
publisher: Example hospital
package:
  name: org.example.ward
  dependencies:
    org.example.a.r4: 1.x
"""
TOKEN = "s3cret-t0ken"


@pytest.fixture(name="cache", autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "FHIR_KB_REGISTRY",
        "REQUESTS_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("FHIR_PACKAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FHIR_KB_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("FHIR_KB_CONFIG", str(tmp_path / "config.yaml"))
    return tmp_path / "cache"


@pytest.fixture(name="registry")
def local_registry() -> Iterator[Registry]:
    with web() as served:
        yield Registry(served)


@pytest.fixture(name="kb")
def knowledge_base(tmp_path: Path) -> Path:
    (tmp_path / "definitions").mkdir()
    file = tmp_path / "definitions" / "kb.yaml"
    file.write_text(KB, encoding="utf-8")
    return file


def test_list_names_what_is_here(fhir_kb: Command, cache: Path) -> None:
    install(cache, "org.example.b", "1.0.0", title="B")
    install(cache, "org.example.a", "2.0.0")
    (install(cache, "org.example.broken", "1.0.0") / "package.json").write_text("{")
    code, out, err = fhir_kb("packages", "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["org.example.a#2.0.0", "4.0.1"]
    assert lines[1].split() == ["org.example.b#1.0.0", "4.0.1"]
    assert lines[2].startswith("  org.example.broken#1.0.0")
    data = json.loads(fhir_kb("packages", "list", "--format", "json").out)
    assert [one["name"] for one in data["packages"]] == [
        "org.example.a", "org.example.b", "org.example.broken",
    ]  # fmt: skip
    assert "not JSON" in data["packages"][2]["problem"]


def test_an_empty_machine_is_told(fhir_kb: Command) -> None:
    assert fhir_kb("packages", "list").out == "There are no packages on this machine.\n"


def test_show_tells_what_a_package_holds(fhir_kb: Command, cache: Path) -> None:
    many = [resource("ValueSet", f"v{number}") for number in range(3)]
    folder = install(
        cache, "org.example.a", "1.2.0", *many, title="Ä package", dependencies={"a.b": "1.x"}
    )
    (folder / "ValueSet-broken.json").write_text("{")
    code, out, _ = fhir_kb("packages", "show", "org.example.a")
    assert code == 0
    assert "Ä package" in out
    assert "3 ValueSet" in out
    assert "a.b#1.x" in out
    assert "'ValueSet-broken.json' cannot be used" in out
    data = json.loads(fhir_kb("packages", "show", "org.example.a#1.x", "--format", "json").out)
    assert data["resources"] == {"ValueSet": 3}
    assert len(data["problems"]) == 1


def test_show_opens_a_file(fhir_kb: Command, tmp_path: Path) -> None:
    (tmp_path / "p.tgz").write_bytes(tgz(files_of("org.example.p", "1.0.0")))
    assert fhir_kb("packages", "show", "p.tgz").out.startswith("org.example.p#1.0.0\n")


def test_nothing_but_a_long_word_is_wider_than_80_columns(fhir_kb: Command, cache: Path) -> None:
    install(cache, "org.example." + "a-long-name." * 7 + "r4", "1.0.0-snapshot", title="word " * 40)
    install(cache, "org.example.a", "1.0.0")
    for words in (("list",), ("show", "org.example.a")):
        for line in fhir_kb("packages", *words).out.splitlines():
            assert len(line) <= 80 or len(line[: line.rindex(" ")].rstrip()) <= 12, line


def test_get_and_lock_from_kb_yaml(
    fhir_kb: Command, cache: Path, kb: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.token = TOKEN
    registry.publish("org.example.a.r4", "1.0.0", org_example_b_r4="1.0.0")
    registry.publish("org.example.b.r4", "1.0.0")
    monkeypatch.setenv("FHIR_KB_REGISTRY", registry.web.url)
    monkeypatch.setenv("FHIR_KB_REGISTRY_TOKEN", TOKEN)
    code, out, err = fhir_kb("packages", "get")
    assert code == 0
    assert err.splitlines() == ["getting org.example.a.r4#1.0.0", "getting org.example.b.r4#1.0.0"]
    assert [line.split() for line in out.splitlines()] == [
        ["org.example.a.r4#1.0.0", "installed"], ["org.example.b.r4#1.0.0", "installed"],
    ]  # fmt: skip
    assert (cache / "org.example.b.r4#1.0.0" / "package" / "package.json").is_file()

    code, out, err = fhir_kb("packages", "lock", "--format", "json")
    assert (code, err) == (0, "")
    locked = json.loads(out)
    assert locked["changed"]
    file = kb.with_name("fhir-packages.lock")
    assert [one["name"] for one in json.loads(file.read_text())["packages"]] == [
        "org.example.a.r4", "org.example.b.r4",
    ]  # fmt: skip
    assert TOKEN not in file.read_text() + out
    assert "unchanged" in fhir_kb("packages", "lock").out

    registry.publish("org.example.a.r4", "1.1.0", org_example_b_r4="1.0.0")
    again = json.loads(fhir_kb("packages", "get", "--format", "json").out)
    assert again["packages"][0] == {
        "name": "org.example.a.r4",
        "version": "1.0.0",
        "fetched": False,
    }
    assert "org.example.a.r4#1.1.0" in fhir_kb("packages", "lock").out


def test_the_registry_of_kb_yaml_is_asked_without_a_token(
    fhir_kb: Command, kb: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.publish("org.example.a.r4", "1.0.0")
    kb.write_text(f"{KB}registry: {registry.web.url}\n", encoding="utf-8")
    monkeypatch.setenv("FHIR_KB_REGISTRY_TOKEN", TOKEN)
    assert fhir_kb("packages", "get").code == 0
    assert not any("authorization" in asked.headers for asked in registry.web.asked)


def test_a_lock_file_beside_kb_yaml_does_not_disturb_validation(fhir_kb: Command, kb: Path) -> None:
    before = fhir_kb("validate", "definitions")
    kb.with_name("fhir-packages.lock").write_text('{"format": 1, "packages": []}')
    assert fhir_kb("validate", "definitions") == before


@pytest.mark.disable_socket
def test_offline_a_missing_package_is_told_with_advice(fhir_kb: Command, cache: Path) -> None:
    code, out, err = fhir_kb("packages", "get", "org.example.x#1.0.0", "--offline")
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        "fhir-kb: package org.example.x#1.0.0 is not on this machine",
        f"  Run this without --offline; or unpack it to '{cache / 'org.example.x#1.0.0'}'",
    ]


@pytest.mark.disable_socket
def test_no_registry_is_known_unless_one_is_named(fhir_kb: Command) -> None:
    code, _, err = fhir_kb("packages", "get", "org.example.x")
    assert code == 3
    assert "No registry is configured" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lst",), "did you mean 'list'?"),
        (("list", "a.b"), "fhir-kb packages show a.b"),
        (("show",), "name one package to show"),
        (("lock",), "there is none in 'definitions'"),
        (("get",), "name a package"),
    ],
)
def test_wrong_usage_is_told(fhir_kb: Command, words: tuple[str, ...], said: str) -> None:
    code, _, err = fhir_kb("packages", *words)
    assert code == 2
    assert said in err


@pytest.mark.parametrize("name", ["a.b#current", "../x", "a.b#nonsense!"])
def test_a_name_that_makes_no_sense_is_wrong_usage(fhir_kb: Command, name: str) -> None:
    code, _, err = fhir_kb("packages", "get", name)
    assert code == 2
    assert "fhir-kb packages --help shows more" in err


def test_a_kb_yaml_that_cannot_be_used_is_told(fhir_kb: Command, kb: Path) -> None:
    kb.write_text("id: [", encoding="utf-8")
    code, _, err = fhir_kb("packages", "get")
    assert code == 3
    assert "fhir-kb validate definitions" in err
