from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from fhir_kb.cli.run import run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "push"), str(TESTS / "servers" / "serving")]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "FHIR_KB_DEBUG", "_FHIR_KB_COMPLETE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fhir_kb(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Run `fhir-kb WORDS` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Ended:
        code = run(list(words))
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put functions in the place of a module's: `stand_in("fhir_kb.bulk", build=…)`."""

    def put(module: str, /, **functions: Any) -> None:
        known: Mapping[str, Any] = vars(importlib.import_module(module))
        monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{**known, **functions}))

    return put
