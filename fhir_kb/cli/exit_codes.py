"""Exit codes: the first four are promised to scripts, the others are what shells know."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
ENVIRONMENT: Final = 3
"""Disk, network or a server."""
CHANGES: Final = 4
"""Of `plan --exit-code`: there is something to push."""
BUG: Final = 70
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141
