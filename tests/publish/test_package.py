from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_kb import publish
from fhir_kb.publish.archive import gzip_stored, tar

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Maker

    from fhir_kb.emit import EmittedResource

CPG = publish.Dependency(
    "hl7.fhir.uv.cpg",
    "2.0.0",
    "http://hl7.org/fhir/uv/cpg/ImplementationGuide/hl7.fhir.uv.cpg",
)
INFO = publish.PackageInfo(
    name="org.example.kb",
    version="1.3.0",
    canonical="https://example.org/fhir",
    title="Example <knowledge>",
    description="What it is",
    publisher="Example hospital",
    license="CC-BY-4.0",
    date="2025-11-03",
    dependencies={"r4": (CPG, publish.Dependency("hl7.terminology.r4", "7.0.1"))},
)


def unpacked(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        members = archive.getmembers()
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {
            (499162500, 0, 0, "", "", 0o644)
        }
        return {m.name: archive.extractfile(m).read() for m in members}  # type: ignore[union-attr]


@pytest.fixture
def files(topic: list[EmittedResource]) -> dict[str, Any]:
    content = publish.package(topic, INFO, "r4", "4.0.1").to_bytes()
    return {name: json.loads(text) for name, text in unpacked(content).items()}


def test_package_json_says_what_the_specification_asks(files: dict[str, Any]) -> None:
    assert next(iter(files)) == "package/package.json"
    assert files["package/package.json"] == {
        "name": "org.example.kb.r4",
        "version": "1.3.0",
        "type": "IG",
        "license": "CC-BY-4.0",
        "canonical": "https://example.org/fhir",
        "url": "https://example.org/fhir",
        "title": "Example <knowledge>",
        "description": "What it is",
        "fhirVersions": ["4.0.1"],
        "dependencies": {
            "hl7.fhir.r4.core": "4.0.1",
            "hl7.fhir.uv.cpg": "2.0.0",
            "hl7.terminology.r4": "7.0.1",
        },
        "author": "Example hospital",
        "directories": {"lib": "package"},
    }


def test_index_lists_every_resource_sorted(files: dict[str, Any]) -> None:
    index = files["package/.index.json"]
    assert index["index-version"] == 2
    listed = [entry["filename"] for entry in index["files"]]
    assert listed == sorted(listed)
    assert {f"package/{name}" for name in listed} == set(files) - {
        "package/package.json",
        "package/.index.json",
    }
    for entry in index["files"]:
        resource = files[f"package/{entry['filename']}"]
        stated = {key: value for key, value in entry.items() if key != "filename"}
        assert stated.items() <= resource.items()


def test_resources_are_those_published(files: dict[str, Any], topic: list[EmittedResource]) -> None:
    for one in topic:
        assert files[f"package/{one.file_name}"] == json.loads(one.line_bytes)


def test_guide_lists_the_content_and_the_dependencies(files: dict[str, Any]) -> None:
    guide = files["package/ImplementationGuide-org.example.kb.r4.json"]
    assert guide["url"] == "https://example.org/fhir/ImplementationGuide/org.example.kb.r4"
    assert guide["packageId"] == guide["id"] == "org.example.kb.r4"
    assert guide["name"] == "OrgExampleKbR4"
    assert guide["fhirVersion"] == ["4.0.1"]
    assert guide["dependsOn"] == [
        {"uri": CPG.url, "packageId": "hl7.fhir.uv.cpg", "version": "2.0.0"}
    ]
    listed = [one["reference"]["reference"] for one in guide["definition"]["resource"]]
    assert len(listed) == 7
    assert {"reference": {"reference": "PlanDefinition/plan"}, "name": "Plan"} in guide[
        "definition"
    ]["resource"]
    assert "&lt;knowledge&gt;" in guide["text"]["div"]


def test_package_without_resources_lists_none() -> None:
    """`definition.resource` is 1..* in R4, so there is no empty definition."""
    assert "definition" not in publish.implementation_guide([], INFO, "r4", "4.0.1")


def test_bytes_do_not_depend_on_order(topic: list[EmittedResource]) -> None:
    one = publish.package(topic, INFO, "r5", "5.0.0")
    other = publish.package(topic[::-1], INFO, "r5", "5.0.0")
    assert one.to_bytes() == other.to_bytes() == one.to_bytes()
    assert one.key == other.key


def test_key_follows_what_the_package_says_of_itself(topic: list[EmittedResource]) -> None:
    infos = [INFO, dataclasses.replace(INFO, license=""), dataclasses.replace(INFO, copyright="C")]
    assert len({publish.package(topic, info, "r5", "5.0.0").key for info in infos}) == 3


def test_bytes_are_known_beforehand(make: Maker) -> None:
    """The bytes must not depend on the zlib of the machine: this hash is from RFC 1951 and 1952
    by hand, the archive's from GNU tar (see the test below)."""
    content = b"".join(gzip_stored([b"abc"]))
    assert content.hex() == (
        "1f8b08000000000000ff"  # gzip, deflate, no flags, no time, no hints, unknown system
        "01 0300 fcff 616263"  # last block, stored, 3 bytes, their complement, the bytes
        "c2412435 03000000"  # CRC-32 of "abc", length
    ).replace(" ", "")


def test_archive_is_what_gnu_tar_makes(tmp_path: Path) -> None:
    name = "a" * 80
    (tmp_path / "package").mkdir()
    for file, text in ((".index.json", b"{}"), (name, b"x" * 600)):
        (tmp_path / "package" / file).write_bytes(text)
    made = b"".join(tar([("package/.index.json", b"{}"), (f"package/{name}", b"x" * 600)]))
    options = "--format=ustar --mtime=@499162500 --mode=0644 --blocking-factor=1 --create --file=-"
    nobody = ["--numeric-owner", "--owner=0", "--group=0"]
    try:
        told = subprocess.run(
            ["tar", *options.split(), *nobody, "package/.index.json", f"package/{name}"],
            cwd=tmp_path, capture_output=True, check=True,
        ).stdout  # fmt: skip
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no GNU tar here")
    assert hashlib.sha256(made).hexdigest() == hashlib.sha256(told).hexdigest()


def test_long_names_are_split_as_ustar_does() -> None:
    name = f"{'n' * 95}.json"
    with tarfile.open(fileobj=io.BytesIO(b"".join(tar([(f"package/{name}", b"{}")])))) as archive:
        assert archive.getnames() == [f"package/{name}"]


@given(st.lists(st.binary(max_size=200_000), max_size=3))
def test_gzip_gives_back_what_went_in(parts: list[bytes]) -> None:
    assert gzip.decompress(b"".join(gzip_stored(parts))) == b"".join(parts)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("org.example.kb", True),
        ("org.example-hospital.kb2", True),
        ("kb", False),
        ("Org.Example", False),
        ("org.2kb", False),
        ("org..kb", False),
        ("org.kb/../x", False),
    ],
)
def test_package_name_rule(name: str, fits: bool) -> None:
    assert (publish.PACKAGE_NAME.fullmatch(name) is not None) is fits


def test_longest_name_with_the_longest_release_is_still_an_id() -> None:
    assert len("x" * publish.MAX_PACKAGE_NAME + ".r4b") <= 64


def test_ndjson_has_one_resource_a_line(topic: list[EmittedResource]) -> None:
    content = publish.ndjson(topic).to_bytes()
    assert content.endswith(b"}\n")
    lines = [json.loads(line) for line in content.splitlines()]
    assert [line["resourceType"] for line in lines][:2] == ["Library", "PlanDefinition"]
    assert len(lines) == len(topic)


def test_release_has_the_files_that_are_promised(topic: list[EmittedResource]) -> None:
    files = publish.files_for_release(topic, "r4b", "4.3.0", INFO)
    assert sorted(files) == sorted(
        [f"r4b/{one.file_name}" for one in topic]
        + [
            "r4b/bundle.collection.json",
            "r4b/bundle.document.text.json",
            "r4b/bundle.transaction.json",
            "r4b/package.tgz",
            "r4b/resources.ndjson",
        ]
    )
    plan = next(one for one in topic if one.id == "plan")
    assert files["r4b/PlanDefinition-plan.json"].to_bytes() == plan.file_bytes
