"""The helpers beside this file, and those of push, are imported by name: `from hapi import …`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "push")]
