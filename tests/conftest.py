"""What holds for every test."""

from __future__ import annotations

import pytest


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Long bytes by their length: archives hold the time they were made, and every process of a run
    has to find the same names."""
    if isinstance(val, bytes) and len(val) > 16:
        return f"{argname}-{len(val)}-bytes"
    return None
