"""Files that survive a crash: atomic writes, appending, fsync, and a lock between processes."""

from fhir_kb.files.appending import AppendFile, drop_partial_line, whole_lines
from fhir_kb.files.exchange import exchange
from fhir_kb.files.lock import FileLock, LockedError
from fhir_kb.files.named_file import (
    OutputKind,
    OverwriteError,
    check_overwrite,
    open_special,
    write_named,
)
from fhir_kb.files.reading import (
    IrregularFileError,
    kind_of_file,
    open_regular,
    read_regular,
)
from fhir_kb.files.writing import (
    copy_aside,
    remove,
    replace_durably,
    sync_file,
    sync_folder,
    write_all,
    write_aside,
    write_atomically,
    write_cache,
)

__all__ = [
    "AppendFile",
    "FileLock",
    "IrregularFileError",
    "LockedError",
    "OutputKind",
    "OverwriteError",
    "check_overwrite",
    "copy_aside",
    "drop_partial_line",
    "exchange",
    "kind_of_file",
    "open_regular",
    "open_special",
    "read_regular",
    "remove",
    "replace_durably",
    "sync_file",
    "sync_folder",
    "whole_lines",
    "write_all",
    "write_aside",
    "write_atomically",
    "write_cache",
    "write_named",
]
