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

from fhir_kb.pipeline import EnvironmentFailure, SkippedFile, input_files, validate_files

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
    (tmp_path / "bad.json.gz").write_bytes(b"\x1f\x8bbad")
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
        "bad.json.gz": "damaged data, compressed by gzip",
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
