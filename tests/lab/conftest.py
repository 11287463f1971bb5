"""The helpers beside this file, and those of push, are imported by name: `from hapi import …`."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PUSH = HERE.parent / "push"
sys.path[:0] = [str(HERE), str(PUSH), str(PUSH / "serving")]
pytest.register_assert_rewrite("contract")
