"""The codes of what publishing finds; each has its page in `pages/`."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import CodePages

CODES: Final = CodePages(__file__)
"""All of them, in order of their ids."""

IN_THE_WAY: Final = CODES["KB601"]
UNSAFE_NAME: Final = CODES["KB602"]
NAMES_COLLIDE: Final = CODES["KB603"]
CHANGED_BY_HAND: Final = CODES["KB604"]
CANNOT_EMIT: Final = CODES["KB605"]
UNRESOLVED_REFERENCE: Final = CODES["KB606"]
NOT_OURS: Final = CODES["KB611"]
DAMAGED: Final = CODES["KB612"]
BUSY: Final = CODES["KB613"]
CANNOT_WRITE: Final = CODES["KB614"]
