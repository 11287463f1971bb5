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
REPLACED: Final = CODES["KB805"]
LINK_TO_LEFT_OUT: Final = CODES["KB806"]
STORED_ELSEWHERE: Final = CODES["KB811"]
NO_RESOURCE: Final = CODES["KB814"]
UNSUPPORTED_TYPE: Final = CODES["KB815"]
OTHER_RELEASE: Final = CODES["KB816"]
NOT_LOADABLE: Final = CODES["KB817"]
VERSION_OF_ANOTHER_SERVER: Final = CODES["KB818"]
NOT_REQUESTED: Final = CODES["KB819"]
