"""What is not to be done, in words that say so once."""

from __future__ import annotations

import re
from typing import Final

NOT_TO_BE_DONE: Final = "Not to be done"
_PROHIBITING: Final = re.compile(
    r"(?:do\s+not|don['\u2019]t|never|must\s+not|not\s+to\s+be|avoid)\b", re.IGNORECASE
)


def reads_as_prohibition(title: str) -> bool:
    """Whether a title says itself that something is not to be done: `Do not inject`."""
    return _PROHIBITING.match(title.strip()) is not None


def prohibition_text(title: str) -> str:
    """The title of what is prohibited, read as such; one that says so itself stays as it is."""
    return title if reads_as_prohibition(title) else f"{NOT_TO_BE_DONE}: {title}"
