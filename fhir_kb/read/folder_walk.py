"""Walking the folders of a knowledge base: what lies there, and what of it cannot be read.

What is passed over would count as removed, and would be retired on servers. So whatever is neither
a folder nor a regular file that can be read is an error that names it.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.files import kind_of_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Size in bytes, and modification time in ns.
FileStamp: TypeAlias = "tuple[int, int]"

KB_FILE: Final = "kb.yaml"
CONCEPTS_FILE: Final = "concepts.yaml"
TOPIC_FILE: Final = "topic.yaml"
_DEFINITIONS: Final = frozenset((KB_FILE, CONCEPTS_FILE, TOPIC_FILE))
_SKIPPED: Final = frozenset({"node_modules", "__pycache__"})
_MAX_DEPTH: Final = 32
_NO_STAMP: Final = (0, 0)


class FolderWalk:
    """One walk through the folders below a root.

    Attributes:
        findings: What cannot be read, once the walk is over.
        empty: The folders that hold nothing at all.
        has_read_root: Whether the root itself could be listed.
    """

    def __init__(self, root: Path, shown_root: str) -> None:
        self._root = str(root)
        self._shown_root = shown_root
        self._real_root = os.path.realpath(root)
        self.findings: list[Diagnostic] = []
        self.empty: set[str] = set()
        self.has_read_root = False

    def folders(self) -> Iterator[tuple[str, dict[str, FileStamp]]]:
        """Each folder by its path below the root, with the stamps of its own files.

        A topic's folder has those of the folders below it, too. Names that start with a dot are
        passed over.
        """
        return self._walk("", frozenset(), 0)

    def _walk(
        self, folder: str, followed: frozenset[str], depth: int
    ) -> Iterator[tuple[str, dict[str, FileStamp]]]:
        """See `folders`.

        Args:
            folder: Its path below the root.
            followed: The real paths of the links that lead to it, so that a circle of links ends.
            depth: How many folders are above it.
        """
        entries = self._entries(folder, depth)
        if entries is None:
            return
        self.has_read_root = True
        self._check_names(folder, entries)
        files: dict[str, FileStamp] = {}
        inner: list[tuple[str, frozenset[str]]] = []
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            path = _joined(folder, entry.name)
            stamp, is_folder = self._entry(entry, path)
            if not is_folder:
                files[entry.name] = stamp
            elif (links := self._links(entry, folder, path, followed)) is not None:
                inner.append((entry.name, links))
        if not entries:
            self.empty.add(folder)
        for name, links in inner:
            for deeper, inner_files in self._walk(_joined(folder, name), links, depth + 1):
                yield deeper, inner_files
                if TOPIC_FILE in files and TOPIC_FILE not in inner_files:
                    prefix = deeper.removeprefix(f"{folder}/") if folder else deeper
                    files.update({f"{prefix}/{file}": one for file, one in inner_files.items()})
        yield folder, files

    def _entries(self, folder: str, depth: int) -> list[os.DirEntry[str]] | None:
        if depth > _MAX_DEPTH:
            message = f"folders may be nested {_MAX_DEPTH} levels deep; this one is deeper"
            self._report("KB106", folder, message, "move it up")
            return None
        try:
            with os.scandir(f"{self._root}{os.sep}{folder}" if folder else self._root) as entries:
                named = [entry for entry in entries if self._has_name(folder, entry.name)]
        except OSError as error:
            message = f"the folder cannot be read: {error.strerror or error}"
            self._report("KB101", folder, message, "fix its permissions, or remove it")
            return None
        return sorted(named, key=lambda entry: entry.name)

    def _has_name(self, folder: str, name: str) -> bool:
        """Whether a name is text; one that is not is an error."""
        try:
            name.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(name).decode("utf-8", "backslashreplace")
            message = f"the name '{shown}' is not encoded in UTF-8"
            self._report("KB118", _joined(folder, shown), message, "rename it")
            return False
        return True

    def _check_names(self, folder: str, entries: list[os.DirEntry[str]]) -> None:
        """Names that are one on Windows or macOS, where only one of the two would be there."""
        first: dict[str, str] = {}
        for entry in entries:
            name = entry.name
            key = name if name.isascii() else unicodedata.normalize("NFC", name)
            other = first.setdefault(key.casefold(), name)
            if other != name and not name.startswith("."):
                message = f"'{name}' and '{other}' are one name on Windows and macOS"
                self._report("KB117", _joined(folder, name), message, "rename one of them")

    def _entry(self, entry: os.DirEntry[str], path: str) -> tuple[FileStamp, bool]:
        """The stamp of a file; whether it is a folder instead."""
        try:
            status = entry.stat()
        except OSError as error:  # a broken link, links in a circle, a folder without search right
            self.findings.append(unreadable_file(self._shown(path), error))
            return _NO_STAMP, False
        if stat.S_ISDIR(status.st_mode):
            if entry.name in _DEFINITIONS:
                self.findings.append(irregular_file(self._shown(path), "a folder"))
            return _NO_STAMP, True
        if kind := kind_of_file(status.st_mode):
            self.findings.append(irregular_file(self._shown(path), kind))
            return _NO_STAMP, False
        if entry.is_symlink() and not self._is_inside(os.path.realpath(entry.path)):
            self.findings.append(link_leading_out(self._shown(path)))
        elif not os.access(entry.path, os.R_OK):
            denied = PermissionError(13, os.strerror(13))
            self.findings.append(unreadable_file(self._shown(path), denied))
        return (status.st_size, status.st_mtime_ns), False

    def _links(
        self, entry: os.DirEntry[str], folder: str, path: str, followed: frozenset[str]
    ) -> frozenset[str] | None:
        """The links that lead to a folder's content; None where it cannot be entered."""
        if not entry.is_symlink():
            return followed
        real = os.path.realpath(entry.path)
        here = os.path.realpath(f"{self._root}{os.sep}{folder}") + os.sep
        if real in followed or here.startswith(real + os.sep):
            message = "this link leads to a folder that it lies in"
            self._report("KB101", path, message, "remove the link")
            return None
        if not self._is_inside(real):
            self.findings.append(link_leading_out(self._shown(path)))
            return None
        return followed | {real}

    def _is_inside(self, real: str) -> bool:
        return real.startswith(self._real_root + os.sep)

    def _report(self, code: str, path: str, message: str, advice: str) -> None:
        self.findings.append(
            Diagnostic(code, Severity.ERROR, message, Span(self._shown(path)), help=advice)
        )

    def _shown(self, path: str) -> str:
        return _joined(self._shown_root, path) if path else self._shown_root or "."


def unreadable_file(shown: str, error: OSError) -> Diagnostic:
    """The finding of a file that cannot be read, as the operating system says it."""
    message = f"the file cannot be read: {error.strerror or error}"
    return Diagnostic("KB101", Severity.ERROR, message, Span(shown))


def irregular_file(shown: str, kind: str) -> Diagnostic:
    """The finding of something that is no file: "a FIFO"."""
    message = f"this is {kind}; definitions are read from regular files only"
    return Diagnostic("KB108", Severity.ERROR, message, Span(shown), help="remove it")


def link_leading_out(shown: str) -> Diagnostic:
    """The finding of a link that leads out of the definitions."""
    message = "this is outside the folder of the definitions"
    advice = "keep a copy inside instead"
    return Diagnostic("KB140", Severity.ERROR, message, Span(shown), help=advice)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
