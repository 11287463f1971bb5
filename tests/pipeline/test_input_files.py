"""What `validate` reads: whatever is named, and in folders what is FHIR."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from fhir_kb.packages import PackageError
from fhir_kb.pipeline import EnvironmentFailure, SkippedFile, input_files, validate_files
from fhir_kb.validate import ValidationOptions

PATIENT = b'{"resourceType": "Patient", "id": "p", "gender": "m"}'


def codes(*paths: Path) -> dict[str, set[str]]:
    """The codes of the errors in each file."""
    return {
        report.file: {issue.code for issue in report.issues if issue.severity.value == "error"}
        for report in validate_files(paths)
    }


def test_a_fifo_is_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(PATIENT,))
    writer.start()
    assert codes(fifo) == {fifo.as_posix(): {"KB540"}}
    writer.join()


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_an_open_descriptor_is_read(compress: type[bytes]) -> None:
    reading, writing = os.pipe()
    os.write(writing, compress(PATIENT))
    os.close(writing)
    try:
        path = Path(f"/dev/fd/{reading}")
        assert codes(path) == {path.as_posix(): {"KB540"}}
    finally:
        os.close(reading)


def test_a_pipe_that_stays_silent_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_files, "MAX_WAIT", 0.05)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(EnvironmentFailure, match="no input from"):
        codes(tmp_path / "fifo")


def test_a_pipe_gives_no_more_than_a_file_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "MAX_FILE", 10)
    reading, writing = os.pipe()
    os.write(writing, PATIENT)
    os.close(writing)
    with pytest.raises(EnvironmentFailure, match="more than"):
        codes(Path(f"/dev/fd/{reading}"))
    os.close(reading)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(device: str) -> None:
    with pytest.raises(EnvironmentFailure, match=f"'{device}' is a device"):
        codes(Path(device))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("p.JSON", PATIENT, "KB540"),
        ("p.fhir", PATIENT, "KB540"),
        ("p.json.gz", gzip.compress(PATIENT), "KB540"),
        ("p.NDJSON", PATIENT, "KB540"),
        ("p.Jsonl.GZ", gzip.compress(PATIENT), "KB540"),
        ("p.json", b'{"resourcetype": "Patient"}', "KB510"),
        ("p.xml", b"<Patient/>", "KB575"),
        ("p.json", PATIENT.decode().encode("utf-16"), "KB503"),
        ("p.json", PATIENT.decode().encode("utf-16-le"), "KB503"),
        ("p.txt", PATIENT.decode().encode("utf-16-be"), "KB503"),
        ("p.xml", '<Patient xmlns="http://hl7.org/fhir"/>'.encode("utf-16-le"), "KB574"),
        ("p", b'<Patient xmlns="http://HL7.org/fhir"/>', "KB575"),
    ],
)
def test_a_file_is_recognised_alone_as_in_a_folder(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert codes(path) == codes(tmp_path) == {path.as_posix(): {code}}


def test_what_is_named_and_no_fhir_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("p.json", PATIENT)
    note = tmp_path / "note.txt"
    note.write_text("hello", encoding="utf-8")
    other = tmp_path / "other.json"
    other.write_text("{}", encoding="utf-8")
    assert list(codes(archive, note, other).values()) == [{"KB506"}, {"KB506"}, {"KB510"}]
    [report] = validate_files([archive])
    assert report.issues[0].message == "this is a ZIP archive: unpack it and name the folder"


def test_what_is_passed_over_in_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/p.json").write_bytes(PATIENT)
    (tmp_path / "link").symlink_to(tmp_path / ".git")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "p.json").write_bytes(PATIENT)
    (tmp_path / "note.md").write_text('the "resourceType"', encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8bbad")
    os.mkfifo(tmp_path / "fifo")
    skipped: list[SkippedFile] = []
    reports = list(validate_files([tmp_path], on_skipped=skipped.append))
    assert [report.file for report in reports] == [(tmp_path / "p.json").as_posix()]
    reasons = {Path(file).name: reason.partition(" (")[0] for file, reason in skipped}
    assert reasons == {
        ".git": "a hidden folder",
        "link": "a link to a folder",
        "gone.json": "a link to nothing",
        "note.md": "text that is neither JSON nor XML",
        "other.json": "JSON without a 'resourceType'",
        "bad.gz": "damaged data, compressed by gzip",
        "fifo": "a FIFO",
    }


def test_a_folder_that_cannot_be_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(EnvironmentFailure, match="closed' cannot be read: Permission denied"):
        codes(tmp_path)


def test_the_index_of_a_package_is_no_resource(tmp_path: Path) -> None:
    path = tmp_path / "p.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name, content in (
            ("package.json", b'{"name": "p", "fhirVersions": ["5.0.0"]}'),
            (".index.json", b'{"index-version": 2, "files": [{"resourceType": "Patient"}]}'),
            ("Patient-p.json", PATIENT),
            ("other.txt", b"hello"),
        ):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    skipped: list[SkippedFile] = []
    [report] = validate_files([path], on_skipped=skipped.append)
    assert (report.file, report.id) == (f"{path.as_posix()}!package/Patient-p.json", "p")
    assert [file.file for file in skipped] == [f"{path.as_posix()}!package/other.txt"]


def test_a_named_folder_without_fhir_is_told_among_others(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(PATIENT)
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.ndjson").touch()
    skipped: list[SkippedFile] = []
    paths = [tmp_path / "empty", path, tmp_path / "none.ndjson"]
    assert len(list(validate_files(paths, on_skipped=skipped.append))) == 1
    assert [(Path(file).name, reason) for file, reason in skipped] == [
        ("empty", "nothing in it is FHIR"),
        ("none.ndjson", "nothing in it is FHIR"),
    ]


def test_damaged_fhir_in_a_folder_is_an_error_and_the_rest_is_checked(tmp_path: Path) -> None:
    """As when it is named: it was given, and nobody knows what it says."""
    whole = gzip.compress(PATIENT)
    content = {
        "a.json.gz": whole[:12],
        "b.json.gz": gzip.compress(os.urandom(4096))[:-12],
        "c.XML.gz": b"\x1f\x8bbad",
        "d.ndjson.gz": gzip.compress((PATIENT + b"\n") * 1000)[:-12],
        "e.json.gz": whole + b"more",
        "f.json": PATIENT,
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    found = {Path(name).name: wrong for name, wrong in codes(tmp_path).items()}
    assert found == {name: {"KB506"} for name in content} | {"f.json": {"KB540"}}


def packed(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as package:
        for name, content in members:
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
        if kind != tarfile.REGTYPE:
            link = tarfile.TarInfo("package/link.json")
            link.type, link.linkname = kind, "package/a.json"
            package.addfile(link)
    return buffer.getvalue()


def damaged_header(archive: bytes) -> bytes:
    """The archive with another byte in the header of its second file."""
    place = archive.index(b"package/b.json")
    return archive[: place + 20] + b"x" + archive[place + 21 :]


TWO = packed(("a.json", PATIENT), ("b.json", PATIENT))


@pytest.mark.parametrize(
    "archive",
    [damaged_header(TWO), TWO + TWO, TWO[: TWO.index(b"package/b.json") + 100]],
    ids=["a damaged header", "two archives", "cut off in a header"],
)
def test_a_package_is_read_to_its_end_or_is_damaged(tmp_path: Path, archive: bytes) -> None:
    path = tmp_path / "p.tgz"
    path.write_bytes(gzip.compress(archive))
    with pytest.raises(EnvironmentFailure, match=r"p\.tgz' is not a FHIR package, or is damaged"):
        codes(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_a_package_is_told(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "p.tgz"
    path.write_bytes(gzip.compress(packed(("a.json", PATIENT), kind=kind)))
    skipped: list[SkippedFile] = []
    assert len(list(validate_files([path], on_skipped=skipped.append))) == 1
    assert skipped == [SkippedFile(f"{path.as_posix()}!package/link.json", "a link or a device")]


def test_a_package_comes_from_a_pipe(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(gzip.compress(TWO),))
    writer.start()
    assert set(codes(fifo)) == {f"{fifo}!package/a.json", f"{fifo}!package/b.json"}
    writer.join()


def test_a_file_and_its_folder_are_checked_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    one, two = tmp_path / "p.json", tmp_path / "sub/p.json"
    one.write_bytes(PATIENT)
    two.write_bytes(PATIENT)
    skipped: list[SkippedFile] = []
    again = tmp_path / "sub/../p.json"
    paths = [one, again, tmp_path, tmp_path / "sub", two]
    reports = list(validate_files(paths, on_skipped=skipped.append))
    assert [report.file for report in reports] == [one.as_posix(), two.as_posix()]
    assert not skipped


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.json", b'{"resourceType": '), ("x.xml", b"<Patient"), ("y.xml", b"<html/>")],
)
def test_what_is_checked_against_and_cannot_be_read_is_told(
    tmp_path: Path, name: str, content: bytes
) -> None:
    """A profile or value set in it would not count, and nobody would know."""
    path = tmp_path / "p.json"
    path.write_bytes(PATIENT)
    also = tmp_path / "also"
    also.mkdir()
    (also / name).write_bytes(content)
    (also / "v.json").write_bytes(b'{"resourceType": "ValueSet", "url": "https://x.org/v"}')
    skipped: list[SkippedFile] = []
    list(validate_files([path], ValidationOptions(also=(also,)), on_skipped=skipped.append))
    [(file, reason)] = skipped
    assert name in file + reason
    assert "cannot be used" in reason
    with pytest.raises((EnvironmentFailure, PackageError), match="cannot be used"):
        list(validate_files([path], ValidationOptions(also=(also / name,))))


def test_fifos_beside_definitions_are_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(PATIENT)
    also = tmp_path / "also"
    also.mkdir()
    for name in ("x.json", "x.xml", "x"):
        os.mkfifo(also / name)
    skipped: list[SkippedFile] = []
    list(validate_files([path], ValidationOptions(also=(also,)), on_skipped=skipped.append))
    assert "'x.json' cannot be used: this is a FIFO" in skipped[0].reason
    for name in ("x.json", "x.xml", "x"):
        with pytest.raises(PackageError, match="is no regular file"):
            list(validate_files([path], ValidationOptions(also=(also / name,))))
