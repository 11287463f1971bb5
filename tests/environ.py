"""What the environment says to the tests: where ../shared is, and whether every sample is tried."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("FHIR_KB_SHARED") or ROOT.parent / "shared").resolve()
"""Suites, servers and the official validator; absent in a plain clone."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fhir-kb-lab"
"""What the tools of the lab fetch and build, once a machine."""
ALL_SAMPLES = os.environ.get("FHIR_KB_SAMPLES") == "all"
"""Whether all seeds are tried, and other random examples in each run."""


def sample(size: int, of: int) -> int:
    """How many of a number of seeds are tried: a fixed few, or all with FHIR_KB_SAMPLES=all."""
    return of if ALL_SAMPLES else size
