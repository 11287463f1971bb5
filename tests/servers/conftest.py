"""The model servers and helpers of push are imported by name: `from memory import …`."""

import sys
from pathlib import Path

import pytest

PUSH = Path(__file__).parents[1] / "push"
sys.path[:0] = [str(PUSH), str(PUSH / "serving")]
pytest.register_assert_rewrite("contract")
