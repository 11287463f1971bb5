"""The codes of what pushing finds; each has its page in `pages/`."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import CodePages

CODES: Final = CodePages(__file__)
"""All of them, in order of their ids."""

REFUSED: Final = CODES["KB801"]
NOT_KEPT: Final = CODES["KB802"]
NOT_SENT: Final = CODES["KB803"]
CHANGED_MEANWHILE: Final = CODES["KB804"]
STORED_ELSEWHERE: Final = CODES["KB811"]
