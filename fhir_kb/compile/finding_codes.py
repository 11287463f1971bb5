"""The codes of what compiling finds; each has its page in `pages/`."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import CodePages

_PAGES: Final = CodePages(__file__)

CODES: Final = _PAGES.all()
"""All of them, in order of their numbers."""
BY_ID: Final = {code.id: code for code in CODES}
