"""What has to change for a folder to hold the wanted files: looked up, not yet done."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import Diagnostic, Span
from fhir_kb.publish.codes import CHANGED_BY_HAND, IN_THE_WAY, NAMES_COLLIDE, UNSAFE_NAME
from fhir_kb.publish.output_manifest import FileEntry
from fhir_kb.publish.paths import OWN_PREFIX, case_collisions, is_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.output_manifest import OutputManifest, Stamp


class FolderState(NamedTuple):
    """What is known of a folder.

    noted: the stamps that our files had when we wrote them, as far as this machine remembers.
    found: what stands on the disk, as `stamps_below` gives it.
    blocked: directories that are wanted, where files stand.
    """

    folder: Path
    old: OutputManifest
    noted: Mapping[str, Stamp]
    found: Mapping[str, Stamp | None]
    blocked: frozenset[str]

    def is_intact(self, path: str) -> bool:
        """Whether a file of ours still has the content that we gave it."""
        entry, stamp = self.old.files[path], self.found[path]
        if stamp is not None and self.noted.get(path) == stamp:
            return True
        return self.holds(path, entry.size, entry.sha256)

    def holds(self, path: str, size: int, sha256: str) -> bool:
        """Whether the file on the disk has that content."""
        stamp = self.found.get(path)
        if stamp is None or stamp[0] != size:
            return False
        entry = self.old.files.get(path)
        if entry is not None and self.noted.get(path) == stamp:  # untouched since we wrote it
            return entry.sha256 == sha256
        return self._sha256(path) == sha256

    def is_blocked(self, path: str) -> bool:
        """Whether no file of ours can be at `path`: a folder or a link is, or a file above it."""
        no_file = path in self.found and self.found[path] is None
        return no_file or path.rpartition("/")[0] in self.blocked

    def _sha256(self, path: str) -> str:
        with (self.folder / path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class FolderChange(NamedTuple):
    """kept: our entries for files that stay. write, remove: paths, sorted."""

    kept: dict[str, FileEntry]
    write: list[str]
    remove: list[str]
    findings: list[Diagnostic]


def unsafe_names(folder: Path, paths: Iterable[str]) -> Iterator[Diagnostic]:
    """Names that some operating system refuses, or takes for the same."""
    for path in sorted(paths):
        if not is_safe(path) or path.startswith(OWN_PREFIX):
            message = f"'{path}' is not a name for a file on every operating system"
            yield _finding(UNSAFE_NAME, folder, path, message, "Choose another id")
    for one, other in case_collisions(paths):
        message = f"'{other}' and '{one}' are one file on Windows and macOS"
        yield _finding(NAMES_COLLIDE, folder, other, message, "Change the id of one of them")


def compare(present: FolderState, files: Mapping[str, FileContent]) -> FolderChange:
    """What `files` asks of the folder."""
    change = FolderChange({}, [], [], [])
    for path in sorted(files):
        if present.is_blocked(path):
            change.findings.append(_in_the_way(present.folder, path))
        elif path not in present.found:
            change.write.append(path)
        elif path in present.old.files:
            _meet_own(present, path, files[path], change)
        else:
            _meet_foreign(present, path, files[path], change)
    for path in sorted(set(present.old.files) - set(files)):
        if path in present.found and not present.is_blocked(path):
            change.remove.append(path)
            if not present.is_intact(path):
                change.findings.append(_by_hand(present.folder, path, "it is removed"))
    return change


def _meet_own(present: FolderState, path: str, content: FileContent, change: FolderChange) -> None:
    entry = present.old.files[path]
    if not present.is_intact(path):
        if _says_the_same(present, path, content, change):
            return
        change.findings.append(_by_hand(present.folder, path, "it is made again"))
    elif entry.key == content.key:
        change.kept[path] = entry
        return
    change.write.append(path)


def _meet_foreign(
    present: FolderState, path: str, content: FileContent, change: FolderChange
) -> None:
    if not _says_the_same(present, path, content, change):
        change.findings.append(_in_the_way(present.folder, path))


def _says_the_same(
    present: FolderState, path: str, content: FileContent, change: FolderChange
) -> bool:
    """A file that we did not write is welcome, and then ours, if it says what ours would."""
    wanted = content.to_bytes()
    sha256 = hashlib.sha256(wanted).hexdigest()
    if same := present.holds(path, len(wanted), sha256):
        change.kept[path] = FileEntry(len(wanted), sha256, content.key)
    return same


def _in_the_way(folder: Path, path: str) -> Diagnostic:
    message = f"'{path}' is in the way: fhir-kb did not write it, so it does not replace it"
    return _finding(IN_THE_WAY, folder, path, message, "Move it away, or choose another folder")


def _by_hand(folder: Path, path: str, what_now: str) -> Diagnostic:
    message = f"'{path}' was changed since fhir-kb wrote it; {what_now}"
    return _finding(CHANGED_BY_HAND, folder, path, message, "Change the definitions instead")


def _finding(code: FindingCode, folder: Path, path: str, message: str, advice: str) -> Diagnostic:
    span = Span((folder / path).as_posix())
    return Diagnostic(code.id, code.severity, message, span, help=advice)
