"""The codes of what pushing finds; each has its page in `pages/`."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import CodePages

_PAGES: Final = CodePages(__file__)

REFUSED: Final = _PAGES["KB801"]
NOT_KEPT: Final = _PAGES["KB802"]
NOT_SENT: Final = _PAGES["KB803"]
CHANGED_MEANWHILE: Final = _PAGES["KB804"]

CODES: Final = _PAGES.all()
"""All of them, in order of their numbers."""
