"""Unpacking archives that mean harm, or are broken."""

from __future__ import annotations

import gzip
import io
import tarfile
import threading
from pathlib import Path

import pytest
from making import files_of, resource, tgz

from fhir_kb.packages import CacheFolders, PackageError, open_package
from fhir_kb.packages.cache import archives
from fhir_kb.publish.archive import gzip_stored, tar

GOOD = files_of("org.example.a", "1.0.0", resource("ValueSet", "colours"))


def special(name: str, kind: bytes, target: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type = kind
        member.linkname = target
        archive.addfile(member)
    return gzip.compress(buffer.getvalue())


def opened(where: CacheFolders, content: bytes) -> None:
    archive = where.own.parent / "x.tgz"
    archive.write_bytes(content)
    open_package(archive, where)


@pytest.mark.parametrize(
    "name",
    ["../evil", "package/../../evil", "/etc/evil", "package\\..\\evil", "C:evil", "package/\nevil",
     "package/nul", "package/COM1.json", "package/x.", "package/a:b"],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(where: CacheFolders, name: str) -> None:
    with pytest.raises(PackageError, match="is not a safe path"):
        opened(where, tgz({**GOOD, name: b"evil"}))
    assert not list(where.own.parent.rglob("*evil*"))
    assert not list((where.own / "unpacked").iterdir())


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
def test_links_and_devices_are_refused(where: CacheFolders, kind: bytes) -> None:
    with pytest.raises(PackageError, match="is not a plain file"):
        opened(where, special("package/x", kind, "/etc/passwd"))


def test_a_bomb_is_refused_before_it_fills_the_disk(
    where: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FREE", 1_000_000)
    with pytest.raises(PackageError, match="unpacks to more than"):
        opened(where, tgz({**GOOD, "package/x.json": b" " * 20_000_000}))
    assert not list((where.own / "unpacked").iterdir())


def test_too_many_files_too_large_a_file_too_large_an_archive(
    where: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tgz({f"package/{number}.json": b"{}" for number in range(12)})
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    with pytest.raises(PackageError, match="more than 10 files"):
        opened(where, content)
    monkeypatch.setattr(archives, "MAX_MEMBER", 5)
    with pytest.raises(PackageError, match="has more than 0 MB"):
        opened(where, tgz({"package/x.json": b"123456"}))
    monkeypatch.setattr(archives, "MAX_PACKED", 100)
    with pytest.raises(PackageError, match=r"x\.tgz' has more than 0 MB"):
        opened(where, content)


def test_an_endless_header_is_refused(where: CacheFolders) -> None:
    member = tarfile.TarInfo("././@PaxHeader")
    member.type, member.size = tarfile.XHDTYPE, 8 * 2**30
    with pytest.raises(PackageError, match="header in it is too long"):
        opened(where, gzip.compress(member.tobuf(format=tarfile.GNU_FORMAT) + bytes(10_000)))


def test_thousands_of_headers_in_headers_are_an_error(where: CacheFolders) -> None:
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 512
    one = member.tobuf(format=tarfile.GNU_FORMAT) + b"x" * 512
    with pytest.raises(PackageError, match="is not a FHIR package, or is damaged"):
        opened(where, gzip.compress(one * 5000))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x1f\x8b", gzip.compress(b""), gzip.compress(b"x" * 600), tgz(GOOD)[:-200],
     tgz(GOOD)[:40] + b"\0" + tgz(GOOD)[41:]],
)  # fmt: skip
def test_what_is_damaged_is_an_error_and_leaves_nothing(
    where: CacheFolders, content: bytes
) -> None:
    with pytest.raises(PackageError, match="is not a FHIR package"):
        opened(where, content)
    assert not list((where.own / "unpacked").glob(".*"))


def test_archives_of_our_publisher_are_unpacked(where: CacheFolders) -> None:
    content = b"".join(gzip_stored(tar(sorted(GOOD.items()))))
    archive = where.own.parent / "x.tgz"
    archive.write_bytes(content)
    assert open_package(archive, where).label == "org.example.a#1.0.0"


def test_many_at_the_same_time_unpack_once(
    where: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = where.own.parent / "x.tgz"
    archive.write_bytes(tgz(GOOD))
    calls: list[Path] = []
    extract = archives.extract

    def counted(source: Path, folder: Path) -> None:
        calls.append(folder)
        extract(source, folder)

    monkeypatch.setattr(archives, "extract", counted)
    folders: list[Path] = []
    threads = [
        threading.Thread(target=lambda: folders.append(open_package(archive, where).folder))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders) == 8
    assert len(set(folders)) == 1
    assert len(calls) == 1


def test_where_nothing_can_be_written_the_error_says_so(where: CacheFolders) -> None:
    where.own.write_text("a file where the folder should be")
    with pytest.raises(PackageError, match="cannot be unpacked") as caught:
        opened(where, tgz(GOOD))
    assert str(where.own) in caught.value.help


def test_what_a_killed_process_left_is_cleared_away(
    where: CacheFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = where.own.parent / "x.tgz"
    archive.write_bytes(tgz(GOOD))
    left: list[Path] = []

    def killed(source: Path, folder: Path) -> None:
        left.append(folder)
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archives, "extract", killed)
        patch.setattr(archives.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            open_package(archive, where)
    assert (left[0] / "half").exists()
    package = open_package(archive, where)
    assert not left[0].exists()
    assert not (package.folder.parent / "half").exists()


@pytest.mark.parametrize("damage", ["header", "second archive"])
def test_a_damaged_header_is_no_end(where: CacheFolders, damage: str) -> None:
    """`tarfile` takes it for the end, and the files after it would be missing without a word."""
    plain = gzip.decompress(tgz(GOOD))
    place = plain.index(b"ustar", 600) - 200
    broken = plain[:place] + b"x" + plain[place + 1 :]
    content = broken if damage == "header" else plain + plain
    with pytest.raises(PackageError, match=r"damaged at byte|more after its end"):
        opened(where, gzip.compress(content))
