"""How bad a finding is."""

from __future__ import annotations

from enum import Enum


class Severity(Enum):
    """How bad a finding is; the values are those of OperationOutcome.issue.severity."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
