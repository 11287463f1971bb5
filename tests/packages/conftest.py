"""Packages and registries to test with; `making` and `publishing` beside this file make them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "net"))

from publishing import Registry
from serving import web

from fhir_kb.packages import CacheFolders


@pytest.fixture
def where(tmp_path: Path) -> CacheFolders:
    return CacheFolders(tmp_path / "packages", tmp_path / "own")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with web() as served:
        yield Registry(served)
