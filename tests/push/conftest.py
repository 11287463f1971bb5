"""The helpers beside this file and in serving/ are imported by name: `from memory import …`."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "serving")]
pytest.register_assert_rewrite("contract")
