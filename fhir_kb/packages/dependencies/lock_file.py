"""fhir-packages.lock: which packages a knowledge base was checked with, to the byte.

It stands beside kb.yaml and is kept with it, so that everybody gets the same. It is JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fhir_kb.packages.cache.manifest import is_name, is_version_name
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.json_files import UnreadableError, read_object

if TYPE_CHECKING:
    from pathlib import Path

LOCK_FILE = "fhir-packages.lock"
_FORMAT = 1
_ABOUT = "Made by 'fhir-kb packages lock'; keep it with kb.yaml"
_ANEW = "Make it anew: fhir-kb packages lock"


@dataclass(frozen=True, slots=True)
class Locked:
    """One package. url: where its file came from, sha256: of that file, both "" where unknown.

    content: see content_digest.
    """

    name: str
    version: str
    content: str
    sha256: str = ""
    url: str = ""


def read_lock(path: Path) -> tuple[Locked, ...]:
    """The packages in a lock file; none where there is no file. Raises PackageError."""
    if not path.exists():
        return ()
    try:
        stated = read_object(path)
        if stated.get("format") != _FORMAT:
            raise UnreadableError("it is of another version of fhir-kb")  # noqa: TRY301
        return tuple(map(_locked, stated["packages"]))
    except UnreadableError as error:
        raise PackageError(f"'{path}' cannot be used: {error}", _ANEW) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PackageError(f"'{path}' cannot be used: it is damaged", _ANEW) from error


def _locked(item: dict[str, Any]) -> Locked:
    found = Locked(**item)
    if not (
        all(isinstance(value, str) for value in asdict(found).values())
        and is_name(found.name)
        and is_version_name(found.version)
    ):
        raise TypeError(found)
    return found


def lock_bytes(packages: tuple[Locked, ...]) -> bytes:
    """The lock file of these packages, in any order."""
    items = [
        {key: value for key, value in asdict(one).items() if value}
        for one in sorted(packages, key=lambda one: (one.name, one.version))
    ]
    whole = {"about": _ABOUT, "format": _FORMAT, "packages": items}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def content_digest(folder: Path) -> str:
    """A SHA-256 over the JSON files of an unpacked package, whoever unpacked it.

    package.json and hidden files are left out: tools rewrite them. Costs reading all. Raises
    PackageError.
    """
    whole = hashlib.sha256()
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.endswith(".json") and entry.name[0] != "."
            )
        for name in names:
            if name != "package.json":
                content = hashlib.sha256((folder / name).read_bytes()).hexdigest()
                whole.update(f"{name} {content}\n".encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackageError(f"'{folder}' cannot be read: {reason}", "Allow reading it") from error
    return whole.hexdigest()
