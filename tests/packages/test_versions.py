"""Versions and ranges; the tables are those of the node-semver documentation."""

from __future__ import annotations

import random

import pytest

from fhir_kb.packages import PackageError
from fhir_kb.packages.dependencies.versions import (
    LATEST,
    PackageRequirement,
    choose_version,
    dependency_requirement,
    parse_requirement,
    version_order,
)


@pytest.mark.parametrize(
    ("word", "name", "versions"),
    [
        ("hl7.fhir.uv.cpg#2.0.0", "hl7.fhir.uv.cpg", "2.0.0"),
        ("hl7.fhir.uv.cpg@2.0.0", "hl7.fhir.uv.cpg", "2.0.0"),
        ("hl7.fhir.uv.cpg", "hl7.fhir.uv.cpg", LATEST),
        ("hl7.fhir.uv.cpg#latest", "hl7.fhir.uv.cpg", LATEST),
        ("hl7.fhir.uv.cpg#2.0.x", "hl7.fhir.uv.cpg", "2.0.x"),
        ("hl7.fhir.uv.cpg#^2.0.0", "hl7.fhir.uv.cpg", "^2.0.0"),
    ],
)
def test_words(word: str, name: str, versions: str) -> None:
    assert parse_requirement(word) == PackageRequirement(name, versions)


def test_an_alias_of_npm_names_the_package_behind_it() -> None:
    assert dependency_requirement(
        "hl7.fhir.us.core-old", "npm:hl7.fhir.us.core@3.1.1"
    ) == PackageRequirement("hl7.fhir.us.core", "3.1.1")


@pytest.mark.parametrize("version", ["current", "dev", "current$branch"])
def test_moving_versions_are_refused_with_advice(version: str) -> None:
    with pytest.raises(PackageError, match="changes from build to build") as caught:
        parse_requirement(f"hl7.fhir.uv.cpg#{version}")
    assert ".tgz" in caught.value.help


@pytest.mark.parametrize("word", ["", "#1.0.0", "../x#1", "a b#1.0.0", "-x", "x" * 200])
def test_what_names_no_package_is_refused(word: str) -> None:
    with pytest.raises(PackageError, match="names no package"):
        parse_requirement(word)


@pytest.mark.parametrize(
    "versions", ["one", "1.x.y", "^", ">= <", "1.2.3.4.5.6.7", "~a", "1..2", "&1"]
)
def test_what_is_no_version_is_refused(versions: str) -> None:
    with pytest.raises(PackageError, match="not a version or range"):
        parse_requirement(f"a.b#{versions}")


def test_versions_are_in_the_order_of_semver() -> None:
    # https://semver.org/#spec-item-11
    ordered = [
        "not-a-version", "0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
        "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "1.10.0.1",
        "2.0.0-ballot", "2.0.0",
    ]  # fmt: skip
    shuffled = list(ordered)
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=version_order) == ordered


THERE = ["0.1.0", "0.1.5", "0.2.0", "1.0.0-ballot", "1.0.0", "1.0.1", "1.2.0", "1.2.3",
         "1.2.4-snapshot1", "1.10.0", "2.0.0-ballot", "2.0.0-ballot2"]  # fmt: skip


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ("latest", "1.10.0"),
        ("*", "1.10.0"),
        ("1.0.0", "1.0.0"),
        ("2.0.0-ballot", "2.0.0-ballot"),
        ("2.0.0", None),
        ("1.0.x", "1.0.1"),
        ("1.0", "1.0.1"),
        ("1.x", "1.10.0"),
        ("1.x.x", "1.10.0"),
        ("1", "1.10.0"),
        ("1.2.X", "1.2.3"),
        ("1.2.*", "1.2.3"),
        ("2.0.x", None),
        ("^1.0.0", "1.10.0"),
        ("^1.0", "1.10.0"),
        ("^0.1.0", "0.1.5"),
        ("^0.0.1", None),
        ("~1.2.0", "1.2.3"),
        ("~1.2", "1.2.3"),
        ("~1", "1.10.0"),
        ("~0.1.0", "0.1.5"),
        ("^2.0.0-ballot", "2.0.0-ballot2"),
        (">=1.0.0 <1.2.0", "1.0.1"),
        (">= 1.0.0 < 1.2.3", "1.2.0"),
        (">1.2", "1.10.0"),
        ("<=1.2", "1.2.3"),
        ("<1.0.0", "0.2.0"),
        ("1.0.0 - 1.2.0", "1.2.0"),
        ("1.0.0 - 1.2", "1.2.3"),
        ("0.2.x || 1.0.x", "1.0.1"),
        ("3.x || 0.1.x", "0.1.5"),
        ("=1.0.1", "1.0.1"),
        ("v1.0.1", "1.0.1"),
        ("3.x", None),
    ],
)
def test_choosing(versions: str, chosen: str | None) -> None:
    assert choose_version(parse_requirement(f"a.b#{versions}"), THERE[::-1]) == chosen


def test_latest_is_what_the_registry_says() -> None:
    assert choose_version(parse_requirement("a.b"), THERE, latest="1.0.0") == "1.0.0"
    assert choose_version(parse_requirement("a.b"), THERE, latest="9.9.9") == "1.10.0"


def test_without_releases_the_newest_pre_release_is_the_latest() -> None:
    assert choose_version(parse_requirement("a.b"), ["1.0.0-b", "1.0.0-a"]) == "1.0.0-b"
    assert choose_version(parse_requirement("a.b"), []) is None
