"""What stops the work with FHIR packages."""

from __future__ import annotations


class PackageError(Exception):
    """A package is missing, broken or refused; `advice` says what to do about it.

    message: one sentence. help: the same as advice, under the name that the other errors have.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    @property
    def help(self) -> str:
        """What to do about it."""
        return self.advice

    def __reduce__(self) -> tuple[object, ...]:
        return PackageError, (self.message, self.advice)
