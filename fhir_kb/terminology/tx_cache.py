"""Responses of terminology servers, kept between runs in the user's cache folder."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.packages.cache.folders import cache_folders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WAIT: Final = 2.0
#: PRAGMA user_version of the database; 0: before versions, with the same table.
_VERSION: Final = 1
_CREATE: Final = "CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer BLOB)"


def cache_file() -> Path:
    """The database with the responses; the file may be deleted at any time."""
    return cache_folders().own / "terminology" / "answers.sqlite"


class TxCache:
    """Responses by request. A cache that cannot be read or written acts as an empty one.

    May be used by several processes at once.
    """

    def __init__(self, path: Path) -> None:
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
            self._open()
        except (OSError, sqlite3.Error):
            self.close()

    def _open(self) -> None:
        """Create the table; a database of an unknown version is not used, and not changed."""
        assert self._connection is not None
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            self.close()
            return
        self._connection.execute(_CREATE)
        if version != _VERSION:
            self._connection.execute(f"PRAGMA user_version = {_VERSION}")

    @staticmethod
    def key(server: str, software: str, operation: str, body: bytes) -> str:
        """The key of a request: another version of the server may respond otherwise."""
        words = f"{server}\n{software}\n{operation}".encode()
        return hashlib.sha256(words + b"\n" + body).hexdigest()

    def get(self, key: str) -> Mapping[str, Any] | None:
        """The response to a request, or None."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(
                "SELECT answer FROM answers WHERE question = ?", (key,)
            ).fetchone()
            response = None if row is None else orjson.loads(row[0])
        except (sqlite3.Error, orjson.JSONDecodeError):
            return None
        return response if isinstance(response, dict) else None

    def put(self, key: str, response: Mapping[str, Any]) -> None:
        """Store a response."""
        if self._connection is None:
            return
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, orjson.dumps(response))
            )
        except sqlite3.Error:
            self.close()

    def close(self) -> None:
        """Close the database; nothing is stored any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
