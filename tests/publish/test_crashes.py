"""A crash or a failing disk at any moment: the old output is whole, or the next run completes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "crash_driver.py"


@pytest.mark.skipif(sys.platform == "win32", reason="the driver forks")
@pytest.mark.parametrize("way", ["kill", "ENOSPC"])
def test_broken_at_every_call(tmp_path: Path, way: str) -> None:
    done = subprocess.run(
        [sys.executable, DRIVER, tmp_path, way], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40  # places where it was broken
