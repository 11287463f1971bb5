"""Files put together from pieces of older files: the same bytes, and nothing stale."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from fhir_kb.publish import Content, write
from fhir_kb.publish.archive import gzip_stored
from fhir_kb.publish.content import pieced, plain
from fhir_kb.publish.pieces import Pieces, read_index

Rows = list[tuple[str, bytes]]


def file_of(rows: Rows, made: list[str], *, stored: bool, between: bytes = b",\n") -> Content:
    def make(at: int) -> bytes:
        made.append(rows[at][0])
        return rows[at][1]

    keys = [key for key, _ in rows]
    pieces = Pieces("kind", lambda: keys, make, b"[", between, b"]\n", stored)
    return pieced(pieces, str(stored), *keys)


def bytes_of(rows: Rows, *, stored: bool, between: bytes = b",\n") -> bytes:
    whole = b"[" + between.join(row for _, row in rows) + b"]\n"
    return b"".join(gzip_stored([whole])) if stored else whole


def row(number: int, size: int) -> tuple[str, bytes]:
    return f"k{number}", random.Random(number).randbytes(size)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("between", [b"", b",\n"])
@pytest.mark.parametrize("seed", range(6))
def test_any_change_of_rows_gives_the_bytes_of_a_new_file(
    tmp_path: Path, seed: int, between: bytes, stored: bool
) -> None:
    chance = random.Random(seed)
    sizes = [0, 1, 100, 65_530, 65_535, 65_536, 300_000]
    rows = [row(number, chance.choice(sizes)) for number in range(12)]
    for turn in range(12):
        made: list[str] = []
        wanted = file_of(rows, made, stored=stored, between=between)
        write(tmp_path / "out", {"r5/x": wanted}, stamps=tmp_path / "stamps")
        found = (tmp_path / "out/r5/x").read_bytes()
        assert found == bytes_of(rows, stored=stored, between=between)
        assert turn == 0 or len(made) <= 3
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(rows))
            fresh = row(100 + turn * 10 + chance.randrange(9), chance.choice(sizes))
            known = {key for key, _ in rows}
            way = chance.randrange(4)
            if way == 0 and len(rows) > 1:
                del rows[at]
            elif way == 1:
                rows.append(rows.pop(at))
            elif fresh[0] not in known:
                rows[at : at + way - 2] = [fresh]


def two_writes(folder: Path, between_them: object) -> tuple[list[str], bytes, bytes]:
    """Write three rows, do something, write with one changed: what was made, found, wanted."""
    rows = [row(1, 50), row(2, 70), row(3, 90)]
    stamps = folder / "stamps"
    write(folder / "out", {"x": file_of(rows, [], stored=False)}, stamps=stamps)
    assert callable(between_them)
    between_them()
    rows[1] = row(4, 20)
    made: list[str] = []
    write(folder / "out", {"x": file_of(rows, made, stored=False)}, stamps=stamps)
    return made, (folder / "out/x").read_bytes(), bytes_of(rows, stored=False)


def test_the_unchanged_is_copied(tmp_path: Path) -> None:
    made, found, wanted = two_writes(tmp_path, lambda: None)
    assert made == ["k4"]
    assert found == wanted


@pytest.mark.parametrize("damage", [b"", b"{}", b"x\n{}", b"\xff"])
def test_a_damaged_index_is_not_believed(tmp_path: Path, damage: bytes) -> None:
    made, found, wanted = two_writes(tmp_path, lambda: (tmp_path / "pieces").write_bytes(damage))
    assert made == ["k1", "k4", "k3"]
    assert found == wanted


def test_a_changed_byte_in_the_index_is_seen(tmp_path: Path) -> None:
    def change() -> None:
        index = tmp_path / "pieces"
        assert b'"50 70 90"' in index.read_bytes()
        index.write_bytes(index.read_bytes().replace(b"50 70 90", b"70 50 90"))

    made, found, wanted = two_writes(tmp_path, change)
    assert made == ["k1", "k4", "k3"]
    assert found == wanted


def test_a_file_that_was_touched_is_not_copied_from(tmp_path: Path) -> None:
    def touch() -> None:
        file = tmp_path / "out/x"
        file.write_bytes(file.read_bytes()[::-1])

    made, found, wanted = two_writes(tmp_path, touch)
    assert set(made) == {"k1", "k4", "k3"}
    assert found == wanted


def test_a_file_that_changes_while_it_is_read_is_left(tmp_path: Path) -> None:
    rows = [row(1, 50), row(2, 70), row(3, 90)]
    stamps = tmp_path / "stamps"
    write(tmp_path / "out", {"x": file_of(rows, [], stored=False)}, stamps=stamps)
    rows[1] = row(4, 20)
    calls: list[str] = []
    content = file_of(rows, calls, stored=False)
    assert content.pieces is not None
    make = content.pieces.make

    def meddling(at: int) -> bytes:
        if not calls:
            file = tmp_path / "out/x"
            file.write_bytes(file.read_bytes()[::-1])
            os.utime(file, ns=(1, 1))
        return make(at)

    pieces = content.pieces._replace(make=meddling)
    changed = pieced(pieces, "other")
    write(tmp_path / "out", {"x": changed}, stamps=stamps)
    assert calls == ["k4", "k1", "k4", "k3"]
    assert (tmp_path / "out/x").read_bytes() == bytes_of(rows, stored=False)


def test_the_index_follows_the_files(tmp_path: Path) -> None:
    stamps = tmp_path / "stamps"
    one, two = [row(1, 5)], [row(2, 5)]
    both = {"x": file_of(one, [], stored=False), "y": file_of(two, [], stored=True)}
    write(tmp_path / "out", both, stamps=stamps)
    assert set(read_index(stamps)) == {"x", "y"}
    write(tmp_path / "out", {"x": file_of(two, [], stored=False)}, stamps=stamps)
    assert set(read_index(stamps)) == {"x"}


def test_the_files_of_a_large_folder_are_copied_at_the_same_time(tmp_path: Path) -> None:
    """Beside very many others; the result is that of one after the other."""
    stamps = tmp_path / "stamps"
    many = {f"r5/{number}": plain(b"%d" % number) for number in range(1000)}
    names = ("a", "b", "c", "d")
    rows = {
        name: [row(number, 5000) for number in range(at, at + 9)] for at, name in enumerate(names)
    }
    files = {name: file_of(rows[name], [], stored=name < "c") for name in names}
    write(tmp_path / "out", {**many, **files}, stamps=stamps)
    made: list[str] = []
    for one in rows.values():
        one[4] = row(99, 7000)
    files = {name: file_of(rows[name], made, stored=name < "c") for name in names}
    write(tmp_path / "out", {**many, **files}, stamps=stamps)
    assert made == ["k99"] * 4
    for name in names:
        found = (tmp_path / "out" / name).read_bytes()
        assert found == bytes_of(rows[name], stored=name < "c")
