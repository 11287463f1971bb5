"""Comparing an output folder with the files that it shall hold; nothing is changed yet."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import Diagnostic, Span
from fhir_kb.publish.finding_codes import CHANGED_BY_HAND, IN_THE_WAY, NAMES_COLLIDE, UNSAFE_NAME
from fhir_kb.publish.output_manifest import FileEntry
from fhir_kb.publish.paths import OWN_PREFIX, case_collisions, is_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.output_manifest import OutputManifest, Stamp


class FolderState(NamedTuple):
    """What is known of an output folder."""

    folder: Path
    manifest: OutputManifest
    written_stamps: Mapping[str, Stamp]
    """The stamps that our files had when we wrote them, as far as this machine remembers."""
    stamps: Mapping[str, Stamp | None]
    """What is on the disk now, as `stamps_below` gives it."""
    blocked: frozenset[str]
    """Directories that are needed, but where files are."""

    def is_intact(self, path: str) -> bool:
        """Whether a file of ours still has the content that we gave it."""
        entry, stamp = self.manifest.files[path], self.stamps[path]
        if stamp is not None and self.written_stamps.get(path) == stamp:
            return True
        return self.has_content(path, entry.size, entry.sha256)

    def has_content(self, path: str, size: int, sha256: str) -> bool:
        """Whether the file on the disk has that content."""
        stamp = self.stamps.get(path)
        if stamp is None or stamp[0] != size:
            return False
        entry = self.manifest.files.get(path)
        if entry is not None and self.written_stamps.get(path) == stamp:  # untouched since
            return entry.sha256 == sha256
        return self._sha256(path) == sha256

    def is_blocked(self, path: str) -> bool:
        """Whether no file of ours can be at `path`: a folder or a link is, or a file above it."""
        is_no_file = path in self.stamps and self.stamps[path] is None
        return is_no_file or path.rpartition("/")[0] in self.blocked

    def _sha256(self, path: str) -> str:
        with (self.folder / path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class FolderChange(NamedTuple):
    """What has to be done to an output folder."""

    unchanged: dict[str, FileEntry]
    """Our files that stay as they are."""
    write: list[str]
    """Paths, sorted."""
    remove: list[str]
    """Paths, sorted."""
    findings: list[Diagnostic]


def unsafe_names(folder: Path, paths: Iterable[str]) -> Iterator[Diagnostic]:
    """Names that some operating system refuses, or takes for the same."""
    for path in sorted(paths):
        if not is_safe(path) or path.startswith(OWN_PREFIX):
            message = f"'{path}' is not a name for a file on every operating system"
            yield _finding(UNSAFE_NAME, folder, path, message, "Choose another id")
    for first, second in case_collisions(paths):
        message = f"'{second}' and '{first}' are one file on Windows and macOS"
        yield _finding(NAMES_COLLIDE, folder, second, message, "Change the id of one of them")


def compare(state: FolderState, files: Mapping[str, FileContent]) -> FolderChange:
    """What has to be done for the folder to hold `files`."""
    change = FolderChange({}, [], [], [])
    for path in sorted(files):
        if state.is_blocked(path):
            change.findings.append(_in_the_way(state.folder, path))
        elif path not in state.stamps:
            change.write.append(path)
        elif path in state.manifest.files:
            _compare_own(state, path, files[path], change)
        else:
            _compare_foreign(state, path, files[path], change)
    for path in sorted(set(state.manifest.files) - set(files)):
        if path in state.stamps and not state.is_blocked(path):
            change.remove.append(path)
            if not state.is_intact(path):
                change.findings.append(_by_hand(state.folder, path, "it is removed"))
    return change


def _compare_own(state: FolderState, path: str, content: FileContent, change: FolderChange) -> None:
    entry = state.manifest.files[path]
    if not state.is_intact(path):
        if _has_same_content(state, path, content, change):
            return
        change.findings.append(_by_hand(state.folder, path, "it is written again"))
    elif entry.key == content.key:
        change.unchanged[path] = entry
        return
    change.write.append(path)


def _compare_foreign(
    state: FolderState, path: str, content: FileContent, change: FolderChange
) -> None:
    if not _has_same_content(state, path, content, change):
        change.findings.append(_in_the_way(state.folder, path))


def _has_same_content(
    state: FolderState, path: str, content: FileContent, change: FolderChange
) -> bool:
    """Whether the file has the content that ours would have; then it is ours from now on."""
    desired = content.to_bytes()
    sha256 = hashlib.sha256(desired).hexdigest()
    is_same = state.has_content(path, len(desired), sha256)
    if is_same:
        change.unchanged[path] = FileEntry(len(desired), sha256, content.key)
    return is_same


def _in_the_way(folder: Path, path: str) -> Diagnostic:
    message = f"'{path}' is in the way: fhir-kb did not write it, so it does not replace it"
    return _finding(IN_THE_WAY, folder, path, message, "Move it away, or choose another folder")


def _by_hand(folder: Path, path: str, consequence: str) -> Diagnostic:
    message = f"'{path}' was changed since fhir-kb wrote it; {consequence}"
    return _finding(CHANGED_BY_HAND, folder, path, message, "Change the definitions instead")


def _finding(code: FindingCode, folder: Path, path: str, message: str, advice: str) -> Diagnostic:
    span = Span((folder / path).as_posix())
    return Diagnostic(code.id, code.severity, message, span, help=advice)
