"""NDJSON checked by many processes: as by one, in order, with the file's own lines."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from fhir_kb.bulk import ndjson
from fhir_kb.bulk.ndjson import check_lines
from fhir_kb.pipeline import EnvironmentFailure, validate_files
from fhir_kb.validate import ValidationOptions
from fhir_kb.validate import check_lines as check_alone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _lines(count: int) -> list[bytes]:
    """Every seventh is empty, every fifth has a gender that there is not."""
    return [
        b"\n"
        if number % 7 == 0
        else b'{"resourceType":"Patient","id":"p%d","gender":"%s"}\n'
        % (number, b"none" if number % 5 == 0 else b"male")
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [0, 1, 40, 41, 42, 200, 1000])
def test_many_processes_find_what_one_finds(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "BLOCK", 1000)  # about 20 lines
    lines = _lines(count)
    found = list(check_lines(iter(lines), ValidationOptions(), jobs=3))
    assert found == list(check_alone(lines, fhir_version="5.0.0"))
    assert [one.line for one in found] == [n for n in range(1, count + 1) if n % 7]
    assert [one.line for one in found if one.errors] == [
        n for n in range(1, count + 1) if n % 7 and n % 5 == 0
    ]


def test_no_more_is_read_than_can_be_checked_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "BLOCK", 1000)
    read = 0

    def lines() -> Iterator[bytes]:
        nonlocal read
        for line in _lines(5000):
            read += 1
            yield line

    found = check_lines(lines(), ValidationOptions(), jobs=2)
    next(found)
    assert read < 200
    found.close()


def test_a_file_that_is_compressed(tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson.gz"
    path.write_bytes(gzip.compress(b"".join(_lines(20))))
    ids = [report.id for report in validate_files([path], lines=check_lines)]
    assert ids == [f"p{n}" for n in range(1, 21) if n % 7]
    assert [report.id for report in validate_files([tmp_path])] == ids


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"{}\n" * 9999, mtime=0)[:-12], b"\x1f\x8b\x08"],
    ids=["cut", "head"],
)
def test_a_file_that_is_not_compressed_as_it_says(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson.gz"
    path.write_bytes(content)
    with pytest.raises(EnvironmentFailure, match=r"all\.ndjson\.gz"):
        list(validate_files([path]))
