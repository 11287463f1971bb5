"""Feed the validator damaged resources: each must give findings, no exception, and no long wait.

python scripts/fuzz_validate.py FOLDER [--count 20000] [--seed 1] [--longest 5.0]

FOLDER holds FHIR JSON or XML, say HL7's examples. The same seed damages in the same way. What
fails is written to ./fuzz-failures; the exit code is 1 if anything did.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.validate import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Larger examples make the run long and damage nothing in another way.
MAX_SEED = 60_000
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e300, "", " ", "\x00", "\ufffe", "x" * 5000, "2023-02-30", "\\",
    [], {}, [[]], [None], {"": None}, {"reference": "#"}, {"value": {}}, "a" * 60 + "!", "http://[",
)  # fmt: skip
_PIECES = (
    b'"', b"\\", b"\\ud800", b"\xff", b"\xed\xa0\x80", b"\x00", b"{", b"[", b"]", b"}", b",",
    b"null", b"1e999999", b"-", b"9" * 5000, b"0." + b"0" * 400 + b"1", b"<", b">", b"&x;", b"&#0;",
    b"<!DOCTYPE x [<!ENTITY x 'y'>]>", b"<?x?>", b"<!--", b"]]>", b'<a xmlns="x">', b"\xef\xbb\xbf",
    b"[" * 10_000, b'{"a":' * 10_000, b"<extension>" * 10_000,
)  # fmt: skip


class Failure(NamedTuple):
    """A text that raised, or took too long."""

    data: bytes
    reason: str


def mutations(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many damaged texts, always the same for a seed."""
    chance = random.Random(seed)
    for _ in range(count):
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            data = chance.choice(_DAMAGES)(data, chance)
        yield data


def failures(texts: Iterator[bytes], longest: float) -> Iterator[Failure]:
    """The texts that the validator cannot cope with; `longest`: how many seconds one may take."""
    for data in texts:
        start = time.perf_counter()
        try:
            check_text(data)
        except Exception:  # noqa: BLE001  whatever it is, it is what we look for
            yield Failure(data, traceback.format_exc())
            continue
        took = time.perf_counter() - start
        if took > longest:
            yield Failure(data, f"took {took:.1f} s")


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_PIECES) + data[at:]


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _remove(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randrange(1, 40) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randrange(1, 200)]
    return data[:start] + piece * chance.choice((2, 2, 3, 50)) + data[start:]


def _value(data: bytes, chance: random.Random) -> bytes:
    """Put something odd in the place of a JSON value, or give it another name."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return _flip(data, chance)
    places = list(_places(root))
    if not places:
        return data
    holder, key = chance.choice(places)
    other, other_key = chance.choice(places)
    if isinstance(holder, dict) and chance.random() < 0.2:
        holder["_" + key if chance.random() < 0.5 else str(other_key)] = holder.pop(key)
    elif chance.random() < 0.3:
        holder[key] = json.loads(json.dumps(other[other_key]))
    else:
        holder[key] = chance.choice(_ODD)
    return json.dumps(root).encode()


def _places(root: Any) -> Iterator[tuple[Any, Any]]:
    open_ = [root]
    while open_:
        holder = open_.pop()
        if isinstance(holder, dict | list):
            keys = list(holder) if isinstance(holder, dict) else range(len(holder))
            for key in keys:
                yield holder, key
                open_.append(holder[key])


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _insert, _flip, _remove, _repeat, _value, _value, _value, _value,
)  # fmt: skip


def main() -> int:
    """Run, print what happened, and tell by the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=5.0)
    asked = parser.parse_args()
    files = sorted(path for path in asked.folder.rglob("*") if path.suffix in (".json", ".xml"))
    seeds = [path.read_bytes() for path in files if path.stat().st_size <= MAX_SEED]
    if not seeds:
        parser.error(f"there is no JSON or XML in {asked.folder}")
    start = time.perf_counter()
    kept, failed = Path("fuzz-failures"), 0
    for failure in failures(mutations(seeds, asked.count, asked.seed), asked.longest):
        failed += 1
        kept.mkdir(exist_ok=True)
        (kept / f"{failed}.txt").write_bytes(failure.data)
        print(f"{kept}/{failed}.txt: {failure.reason.strip()[-600:]}\n")
    took = time.perf_counter() - start
    print(f"{asked.count} damaged from {len(seeds)} files in {took:.0f} s: {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
