"""The codes of what lowering to a release finds; each has its page in `pages/`."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import CodePages

CODES: Final = CodePages(__file__)
"""All of them, in order of their ids."""
