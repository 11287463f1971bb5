"""Shipped definitions with bytes and values changed: findings, never an exception, and an end.

800 mutations in a run, the same each time; with FHIR_KB_SAMPLES=all 2,100, and always others. Most
are built for one release; making three asks the same reading, rules and compiling again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from environ import sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutating import DEFINITIONS, mutated, written

from fhir_kb.diagnostics import Diagnostic
from fhir_kb.pipeline import build, catalogue

pytestmark = pytest.mark.slow
BYTES = settings(
    max_examples=sample(300, of=900), deadline=None, suppress_health_check=list(HealthCheck)
)
TREES = settings(
    max_examples=sample(300, of=1000), deadline=None, suppress_health_check=list(HealthCheck)
)
PAGES = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
THREE = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
TEXTS = sorted(
    file.relative_to(DEFINITIONS).as_posix()
    for file in DEFINITIONS.rglob("*")
    if file.suffix in (".yaml", ".cql")
)
MARKDOWN = sorted(file.relative_to(DEFINITIONS).as_posix() for file in DEFINITIONS.rglob("*.md"))
SNIPPETS = [
    b"\t",
    b"\n",
    b"\r",
    b"\0",
    b"\x85",
    b"\xff",
    b"\xef\xbb\xbf",
    b": ",
    b"- ",
    b"? ",
    b"#",
    b"&a ",
    b"*a",
    b"!x ",
    b"|",
    b">",
    b"'",
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b"%",
    b"@",
    b"`",
    b"```\n",
    b"<b>",
    b"[[",
    b"]]",
    b"[@",
    b"](javascript:x)",
    b"&#106;",
    b"---\n",
    b"...\n",
    b"## ",
    b"{#x}",
    b"\\",
    b"null",
    b"true",
    b"2026-02-30",
    "\u2028".encode(),
    "\U0001f600".encode(),
    b"${",
    b"9" * 400,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


@st.composite
def bytes_changed(draw: st.DrawFn, names: list[str]) -> tuple[str, bytes]:
    """A shipped file with one to four places of it changed."""
    name = draw(st.sampled_from(names))
    data = (DEFINITIONS / name).read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.sampled_from([start, start + 1, start + 7, start + 80, len(data)]))
        put = draw(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=3)))
        data = data[:start] + draw(st.sampled_from([b"", put, data[start:end] + put])) + data[end:]
    return name, data


def outcome(
    folder: Path, name: str, data: bytes, releases: tuple[str, ...]
) -> tuple[Diagnostic, ...]:
    """The findings of the topic of that file, alone with what all topics share."""
    root = folder / "definitions"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for shared in ("kb.yaml", "concepts.yaml"):
        shutil.copyfile(DEFINITIONS / shared, root / shared)
    topic = name.split("/", maxsplit=1)[0] if "/" in name else "dry-needling"
    shutil.copytree(DEFINITIONS / topic, root / topic)
    (root / name).write_bytes(data)
    return build(root, output=None, releases=releases).diagnostics


def check(found: tuple[Diagnostic, ...]) -> None:
    """Findings are of known kinds, in words, and lie in the definitions."""
    for one in found:
        assert one.code in catalogue()
        assert one.message
        assert "Traceback" not in one.message
        assert one.span.line >= 0
        assert "definitions" in one.span.file


@BYTES
@given(case=bytes_changed(TEXTS))
def test_bytes(folder: Path, case: tuple[str, bytes]) -> None:
    check(outcome(folder, *case, ("r5",)))


@PAGES
@given(case=bytes_changed(MARKDOWN))
def test_pages(folder: Path, case: tuple[str, bytes]) -> None:
    check(outcome(folder, *case, ("r5",)))


@THREE
@given(case=bytes_changed(TEXTS + MARKDOWN))
def test_all_releases(folder: Path, case: tuple[str, bytes]) -> None:
    check(outcome(folder, *case, ("r5", "r4b", "r4")))


@TREES
@given(case=mutated())
def test_values(folder: Path, case: tuple[str, str, Any]) -> None:
    name, _, tree = case
    check(outcome(folder, name, written(tree), ("r5",)))
