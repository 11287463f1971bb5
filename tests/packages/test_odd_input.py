"""Whatever strangers say: an answer or a PackageError, never anything else."""

from __future__ import annotations

import contextlib
import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import files_of, resource, tgz

from fhir_kb.packages import PackageError
from fhir_kb.packages.cache.archives import extract
from fhir_kb.packages.cache.manifest import parse_manifest
from fhir_kb.packages.dependencies.versions import (
    choose_version,
    dependency_requirement,
    parse_requirement,
    version_order,
)
from fhir_kb.packages.json_files import UnreadableError, parse_object
from fhir_kb.packages.registry.npm import parse_listing

KEYS = ("name", "version", "versions", "dist-tags", "latest", "dist", "tarball", "shasum", "url",
        "integrity", "dependencies", "fhirVersions", "1.0.0", "a.b")  # fmt: skip
TEXTS = (*KEYS, "//[", "http://[")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=6)
version_words = st.text("0123456789.xX*^~<>=|- v+abc", max_size=20)
GOOD = gzip.decompress(tgz(files_of("org.example.a", "1.0.0", resource("ValueSet", "colours"))))


@given(objects)
def test_what_a_registry_says_gives_releases_with_texts(stated: dict[str, object]) -> None:
    listing = parse_listing("a.b", stated, "https://example.org/a.b")
    for release in listing.versions.values():
        assert all(isinstance(value, str) for value in release.digests.values())
        assert isinstance(release.url, str)


@given(objects)
def test_a_manifest_is_usable_or_refused(stated: dict[str, object]) -> None:
    with contextlib.suppress(PackageError):
        manifest = parse_manifest(stated)
        assert manifest.name
        assert manifest.version


@given(st.text(max_size=30))
def test_a_word_is_understood_or_refused(word: str) -> None:
    with contextlib.suppress(PackageError):
        assert parse_requirement(word).name in word


@given(version_words, st.lists(version_words, max_size=5))
def test_what_is_chosen_is_one_of_those_there_are(versions: str, there: list[str]) -> None:
    with contextlib.suppress(PackageError):
        assert choose_version(dependency_requirement("a.b", versions), there) in {None, *there}


@given(st.lists(version_words))
def test_any_words_have_an_order(words: list[str]) -> None:
    for one, next_ in pairwise(sorted(words, key=version_order)):
        assert version_order(one) <= version_order(next_)


@given(st.binary(max_size=60))
def test_bytes_are_an_object_or_unreadable(content: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        assert isinstance(parse_object(content), dict)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_a_damaged_archive_is_unpacked_or_refused_and_stays_inside(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    for start in range(0, len(content) - 511, 512):  # so that damage goes deeper than the checksum
        header = content[start : start + 512]
        if header[257:262] == b"ustar":
            header[148:156] = b" " * 8
            content[start + 148 : start + 156] = b"%06o\0 " % sum(header)
    folder: Path = tmp_path_factory.mktemp("damaged")
    archive = folder / "x.tgz"
    archive.write_bytes(gzip.compress(bytes(content), 1))
    (folder / "inside").mkdir()
    with contextlib.suppress(PackageError):
        extract(archive, folder / "inside")
    assert sorted(path.name for path in folder.iterdir()) == ["inside", "x.tgz"]


@pytest.mark.parametrize(
    "names", [("package", "package/x.json"), ("package/x.json", "package"), ("a/b", "a/b/c/d")]
)
def test_a_name_that_is_a_file_and_a_folder_is_refused(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    archive = tmp_path / "x.tgz"
    archive.write_bytes(tgz(dict.fromkeys(names, b"{}")))
    (tmp_path / "inside").mkdir()
    with pytest.raises(PackageError):
        extract(archive, tmp_path / "inside")
