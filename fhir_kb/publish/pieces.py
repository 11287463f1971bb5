"""Large files of many pieces: a new one is put together from the unchanged bytes of the old one.

Bundles, NDJSON and packages hold every resource of a release. Where one topic of a thousand has
changed, nearly all of their bytes stand in the old file already. So beside the stamps (see
manifest.py), outside the output folder, lies the *index of pieces*: for each such file its SHA-256
as in the manifest, its recipe, and the key and length of each piece in order. Equal recipes and
keys, equal bytes. `Assembly` looks up the keys of the new file in those of the old, copies whole
runs of neighbours, and makes only the pieces that are new.

The old file is only ever read, and the new one is written aside as any other; so nothing changes
for crashes. The index is a cache. It is believed only where its checksum is right, its SHA-256 is
that of the manifest, its lengths add up to the file's size, and the file has the size and time that
were noted when we wrote it, before and after it is read. In every other case all pieces are made.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import orjson

from fhir_kb.publish.archive import gzip_stored, stored_place, stored_size, without_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.publish.manifest import Stamp

_FORMAT = "1"
_CHUNK = 1 << 18


class StaleError(Exception):
    """The old file is not, or no longer, what the index says: make all pieces."""


class Pieces(NamedTuple):
    """How a file is put together: head, the pieces with `between` between them, tail.

    recipe: names all that the bytes depend on beside the keys. keys: one for each piece, without a
    line break; equal keys, equal bytes. make: the bytes of a piece by its number. stored: whether
    all of it is wrapped in our gzip (archive.py).
    """

    recipe: str
    keys: Callable[[], list[str]]
    make: Callable[[int], bytes]
    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""
    stored: bool = False

    def parts(self) -> Iterator[bytes]:
        """The file's bytes, all of them made."""
        return Assembly(self, None).parts()


class Note(NamedTuple):
    """What the index says of a file. keys: a line each; lengths: with a space between."""

    sha256: str
    recipe: str
    keys: str
    lengths: str


class Old(NamedTuple):
    """A file as it stands: its path, the stamp it had when we wrote it, and what it is made of."""

    path: str
    stamp: Stamp
    note: Note


class Assembly:
    """A file being put together; `note` can be asked when all parts were taken."""

    def __init__(self, pieces: Pieces, old: Old | None) -> None:
        self._pieces = pieces
        self._old = old if old is not None and old.note.recipe == pieces.recipe else None
        self._keys: list[str] = []
        self._lengths: list[int] = []

    def parts(self) -> Iterator[bytes]:
        """The file's bytes. Raises StaleError where the old file cannot be used after all."""
        self._keys, self._lengths = self._pieces.keys(), []
        payload = self._all_made() if self._old is None else self._from_old(self._old)
        return gzip_stored(payload) if self._pieces.stored else payload

    def note(self, sha256: str) -> Note:
        """What the index is to say of the file."""
        lengths = " ".join(map(str, self._lengths))
        return Note(sha256, self._pieces.recipe, "\n".join(self._keys), lengths)

    def _all_made(self) -> Iterator[bytes]:
        _, _, make, head, between, tail, _ = self._pieces
        yield head
        for number in range(len(self._keys)):
            piece = make(number)
            self._lengths.append(len(piece))
            yield between + piece if number and between else piece
        yield tail

    def _from_old(self, old: Old) -> Iterator[bytes]:
        pieces, keys = self._pieces, self._keys
        with _Reader(old, pieces) as reader:
            yield pieces.head
            number = 0
            while number < len(keys):
                if number:
                    yield pieces.between
                first, count = reader.run(keys, number)
                if count:
                    self._lengths += reader.lengths[first : first + count]
                    yield from reader.read(first, count)
                else:
                    piece = pieces.make(number)
                    self._lengths.append(len(piece))
                    yield piece
                number += count or 1
            yield pieces.tail


class _Reader:
    """The old file, opened, with the places of its pieces. All may raise StaleError."""

    def __init__(self, old: Old, pieces: Pieces) -> None:
        self._old = old
        self._stored = pieces.stored
        try:
            self.lengths = [int(word) for word in old.note.lengths.split()]
        except ValueError as error:
            raise StaleError from error
        self._keys = old.note.keys.split("\n")
        steps = (length + len(pieces.between) for length in self.lengths)
        self._starts = list(accumulate(steps, initial=len(pieces.head)))
        size = self._starts[-1] - len(pieces.between) + len(pieces.tail)
        size = stored_size(size) if pieces.stored else size
        if len(self._keys) != len(self.lengths) or size != old.stamp[0]:
            raise StaleError
        self._numbers = {key: number for number, key in enumerate(self._keys)}
        try:
            self._file: BinaryIO = open(old.path, "rb", buffering=0)  # noqa: PTH123, SIM115
        except OSError as error:
            raise StaleError from error

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._check()
        finally:
            self._file.close()

    def run(self, keys: list[str], at: int) -> tuple[int, int]:
        """The first number and the count of the old pieces that are those of `keys` from `at`."""
        first = self._numbers.get(keys[at], -1)
        if first < 0:
            return 0, 0
        old, count = self._keys, 1
        most = min(len(old) - first, len(keys) - at)
        while count < most and old[first + count] == keys[at + count]:
            count += 1
        return first, count

    def read(self, first: int, count: int) -> Iterator[bytes]:
        """The bytes of neighbours, with what is between them."""
        last = first + count - 1
        start, stop = self._starts[first], self._starts[last] + self.lengths[last]
        if not self._stored:
            yield from self._bytes(start, stop)
            return
        for chunk in self._chunks(start, stop):
            place = stored_place(chunk[0])
            whole = b"".join(self._bytes(place, stored_place(chunk[1] - 1) + 1))
            yield from without_blocks(whole, *chunk)

    @staticmethod
    def _chunks(start: int, stop: int) -> Iterator[tuple[int, int]]:
        for at in range(start, stop, _CHUNK):
            yield at, min(at + _CHUNK, stop)

    def _bytes(self, start: int, stop: int) -> Iterator[bytes]:
        self._check()
        self._file.seek(start)
        while start < stop:
            chunk = self._file.read(min(_CHUNK, stop - start))
            if not chunk:
                raise StaleError
            start += len(chunk)
            yield chunk

    def _check(self) -> None:
        status = os.fstat(self._file.fileno())
        if (status.st_size, status.st_mtime_ns) != self._old.stamp:
            raise StaleError


def read_index(stamps: Path | None) -> dict[str, Note]:
    """The index beside the stamps, by path; empty where it is missing or damaged."""
    if stamps is None:
        return {}
    try:
        checksum, _, body = _place(stamps).read_bytes().partition(b"\n")
        if checksum.decode() != _checksum(body):
            return {}
        return {path: Note(*fields) for path, fields in orjson.loads(body).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_index(stamps: Path | None, index: Mapping[str, Note]) -> None:
    """Keep the index; a cache that cannot be written is not worth an error."""
    if stamps is None:
        return
    place = _place(stamps)
    aside = place.with_name(place.name + ".new")
    body = orjson.dumps({path: list(note) for path, note in index.items()})
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(_checksum(body).encode() + b"\n" + body)
        aside.replace(place)


def _place(stamps: Path) -> Path:
    return stamps.with_name("pieces")


def _checksum(body: bytes) -> str:
    return hashlib.sha256(_FORMAT.encode() + body).hexdigest()
