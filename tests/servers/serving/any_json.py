"""All of JSON, and what is nearly JSON: what a server, a file or a cache may hold."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = (
    "resourceType", "id", "meta", "versionId", "lastUpdated", "url", "version", "entry", "link",
    "relation", "next", "issue", "severity", "code", "diagnostics", "details", "text", "response",
    "status", "location", "etag", "resource", "rest", "software", "fhirVersion", "total", "type",
    "identifier", "parameter", "name", "valueBoolean", "expansion", "contains", "Bundle", "Library",
    "OperationOutcome", "CapabilityStatement", "Parameters", "4.0.1", "searchset", "error", "match",
)  # fmt: skip
SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([10**30, -(10**300), 1e308, 0.1])
    | st.sampled_from(WORDS)
    | st.sampled_from(["", "\ud800", "\x00", "%", "http://[", "//", "../..", "a" * 3000, "9" * 40])
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
NEARLY = (
    b"", b"null", b"[]", b"{}", b"5", b'"', b"{", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}",
    b'{"resourceType": "Bundle", "entry": NaN}', b'{"resourceType": "Bundle", "total": Infinity}',
    b'{"resourceType": "Bundle", "total": ' + b"9" * 5000 + b"}",
    b'{"resourceType": "Bundle", "total": 1e99999999999999999999}',
    b'{"resourceType": "Bundle", "resourceType": "Patient"}',
    b'{"resourceType": "Bundle", "entry": ' + b"[" * 600 + b"]" * 600 + b"}",
    b'{"resourceType": "Bundle", "entry": ' + b"[" * 100_000,
    b'{"resourceType": "Library", "id": "a", "x": ' + b'{"x":' * 300 + b"1" + b"}" * 301,
    b'{"resourceType": "OperationOutcome", "issue": "\\ud800"}',
    b"<html><body>Login</body></html>",
)  # fmt: skip
"""Bodies that are no JSON, or JSON that hardly anybody reads."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """The containers and keys of all values within."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(entries):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def as_bytes(value: Any) -> bytes:
    """JSON; a lone surrogate is written as its escape."""
    return json.dumps(value).encode()


TYPES = (None, True, 5, 0.5, 10**30, "", "x", "\ud800", [], {}, [5], [[]], [None], {"x": []})
"""A value or two of each type of JSON."""


def each_damage(document: Any) -> Iterator[bytes]:
    """The document with each of its values replaced by each of `TYPES`, one at a time."""
    for number, _ in enumerate(places(document)):
        for value in TYPES:
            copy = json.loads(json.dumps(document))
            container, key = list(places(copy))[number]
            container[key] = value
            yield as_bytes(copy)


@st.composite
def damaged(draw: st.DrawFn, documents: tuple[Any, ...]) -> bytes:
    """One of the documents with some values replaced; or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(NEARLY) | VALUES.map(as_bytes) | st.binary(max_size=20))
    document = json.loads(json.dumps(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(0, 3))):
        spots = list(places(document))
        if not spots:
            break
        container, key = spots[draw(st.integers(0, len(spots) - 1))]
        container[key] = draw(VALUES)
    return as_bytes(document)


def random_value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON by a seeded generator, for servers that answer in threads of their own."""
    kind = rng.randrange(9 if depth < 3 else 7)
    if kind == 7:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 8:
        keys = [rng.choice(WORDS) for _ in range(rng.randrange(4))]
        return {key: random_value(rng, depth + 1) for key in keys}
    choices: tuple[Any, ...] = (
        None, True, rng.randrange(-9, 9), 10**30, rng.choice(WORDS), "", "\ud800",
    )  # fmt: skip
    return choices[kind]


def random_damage(rng: random.Random, document: Any) -> bytes:
    """The document with some values replaced; sometimes anything else."""
    if rng.random() < 0.1:
        return rng.choice([*NEARLY, as_bytes(random_value(rng))])
    document = json.loads(json.dumps(document))
    for _ in range(rng.randrange(4)):
        spots = list(places(document)) if isinstance(document, dict | list) else []
        if spots:
            container, key = rng.choice(spots)
            container[key] = random_value(rng)
    return as_bytes(document)
