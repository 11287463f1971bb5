"""Failures of the environment that a command runs in: disk, permissions, memory."""

from __future__ import annotations

from fhir_kb.diagnostics.errors import FhirKbError


class EnvironmentFailure(FhirKbError):  # noqa: N818  it is no error of the program
    """A file, the disk or the memory keeps a command from doing its work."""

    code: str
    """The code of the finding that this is (KB6xx); "" for none."""

    def __init__(self, message: str, help: str | None = None, code: str = "") -> None:  # noqa: A002
        super().__init__(message, help or "")
        self.code = code
