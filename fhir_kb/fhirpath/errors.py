"""Errors of FHIRPath expressions, with their place in the expression."""

from __future__ import annotations


class FHIRPathError(Exception):
    """An expression cannot be parsed, has no meaning, or fails on the data."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        """An error.

        Args:
            message: One sentence.
            line: The line in the expression, from 1; 0 where it is unknown.
            column: The column, from 1.
        """
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        if self.line == 0:
            return self.message
        return f"{self.line}:{self.column}: {self.message}"

    def __reduce__(self) -> tuple[type[FHIRPathError], tuple[str, int, int]]:
        return type(self), (self.message, self.line, self.column)

    def at(self, line: int, column: int) -> FHIRPathError:
        """This error, with that place if it has none yet."""
        if self.line == 0:
            self.line, self.column = line, column
        return self


class FHIRPathSyntaxError(FHIRPathError):
    """The text is not a FHIRPath expression."""


class FHIRPathSemanticError(FHIRPathError):
    """The expression has no meaning: it uses an unknown function, type or element."""


class FHIRPathExecutionError(FHIRPathError):
    """The expression does not fit the data: two items where one is needed, 1 + 'a'."""


class FHIRPathLimitError(FHIRPathExecutionError):
    """The evaluation needs more time or space than the limits allow."""
