"""What can go wrong with a FHIRPath expression, said so that its author can find the place."""

from __future__ import annotations


class FHIRPathError(Exception):
    """Any failure of an expression: it cannot be read, makes no sense, or failed on the data.

    message: one sentence. line, column: where in the expression, from 1; 0 where unknown.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
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
        """This error, placed where it has no place yet."""
        if self.line == 0:
            self.line, self.column = line, column
        return self


class FHIRPathSyntaxError(FHIRPathError):
    """The text is no FHIRPath expression."""


class FHIRPathSemanticError(FHIRPathError):
    """The expression can be read but means nothing: an unknown function, type or element."""


class FHIRPathExecutionError(FHIRPathError):
    """The expression does not fit the data: two items where one is needed, 1 + 'a'."""


class FHIRPathLimitError(FHIRPathExecutionError):
    """The evaluation would take more time or space than it may."""
