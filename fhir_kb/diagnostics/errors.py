"""The base of all errors that are shown to the person who runs a command."""

from __future__ import annotations

from typing import Any


class FhirKbError(Exception):
    """The command cannot go on for a reason outside the definitions: network, disk, a bad file.

    Anything else that is raised is a bug in this program. Every subclass can be pickled, whatever
    its constructor takes, so that processes can pass errors on.
    """

    message: str
    """One sentence: what happened and where. Never a secret."""
    help: str
    """What to do about it; "" where nothing can be said."""
    usage: bool = False
    """Whether another command line would help: the exit code is then 2 instead of 3."""

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002  as in Diagnostic
        super().__init__(message)
        self.message = message
        self.help = help

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.message, dict(self.__dict__))


def _restore(kind: type[FhirKbError], message: str, attributes: dict[str, Any]) -> FhirKbError:
    error = kind.__new__(kind, message)
    error.__dict__.update(attributes)
    return error


__all__ = ["FhirKbError"]
