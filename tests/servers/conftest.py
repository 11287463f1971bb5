"""The model servers and helpers of push are imported by name: `from memory import …`."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "push"), str(HERE / "serving")]
pytest.register_assert_rewrite("contract")
