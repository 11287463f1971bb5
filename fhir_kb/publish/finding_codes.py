"""The codes of what publishing finds; each has its page in `pages/`."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import CodePages

_PAGES: Final = CodePages(__file__)

IN_THE_WAY: Final = _PAGES["KB601"]
UNSAFE_NAME: Final = _PAGES["KB602"]
NAMES_COLLIDE: Final = _PAGES["KB603"]
CHANGED_BY_HAND: Final = _PAGES["KB604"]
CANNOT_EMIT: Final = _PAGES["KB605"]
UNRESOLVED_REFERENCE: Final = _PAGES["KB606"]
NOT_OURS: Final = _PAGES["KB611"]
DAMAGED: Final = _PAGES["KB612"]
BUSY: Final = _PAGES["KB613"]
CANNOT_WRITE: Final = _PAGES["KB614"]

CODES: Final = _PAGES.all()
"""All of them, in order of their numbers."""
