"""What a person should know of a server though the work goes on; the command line shows it."""

from __future__ import annotations

import logging
from typing import Final

LOGGER: Final = "fhir_kb.net.notices"
_LOG: Final = logging.getLogger(LOGGER)


def notice(text: str) -> None:
    """Say it: on stderr and in the log, where somebody looks at them."""
    _LOG.warning("%s", text)
