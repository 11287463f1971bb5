"""The helpers beside this file and the model servers are imported by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from memory import MemoryServer

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "servers" / "serving")]
pytest.register_assert_rewrite("contract")


@pytest.fixture
def server() -> MemoryServer:
    """A server in memory that holds nothing."""
    from memory import MemoryServer

    return MemoryServer()
