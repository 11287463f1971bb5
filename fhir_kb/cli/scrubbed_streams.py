"""The standard streams without secrets: whatever a command prints passes here, the log aside.

A server that was given a token may repeat it, in whatever it says.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

_REDACTION: Final = "fhir_kb.net.redaction"


class ScrubbedStream:
    """A text stream that takes credentials of ours out of what is written; else the stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text without credentials."""
        redaction = sys.modules.get(_REDACTION)  # no secret was used where nobody imported it
        if redaction is not None and isinstance(text, str):
            text = redaction.scrubbed_text(text)
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts without credentials."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def scrubbed_streams() -> Iterator[None]:
    """Stdout and stderr are scrubbed until the end."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = ScrubbedStream(before[0]), ScrubbedStream(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
