"""The fast path of a part of an expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathExecutionError

if TYPE_CHECKING:
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.fhirpath.values.system import System

Values: TypeAlias = Callable[[Any], list[Any]]
"""JSON value of $this -> JSON values of the result (None: a primitive with extensions only)."""
Test: TypeAlias = Callable[[Any], "bool | None"]
"""JSON value of $this -> the three-valued truth of the result."""
Count: TypeAlias = Callable[[Any], int]
"""JSON value of $this -> a number."""

NEEDS_FULL_EVALUATION = "the full evaluation is needed"


@dataclass(frozen=True, slots=True)
class FastPath:
    """One or more ways to compute a result from the JSON value of $this."""

    constant: tuple[System, ...] | None = None
    """The items themselves, whatever $this is."""
    values: Values | None = None
    type: FhirType | None = None
    """The type of `values`, where it is one."""
    test: Test | None = None
    count: Count | None = None
    is_this: bool = False

    def as_test(self) -> Test | None:
        """The three-valued truth of the result; None where the fast path does not give one."""
        if self.test is not None:
            return self.test
        if self.constant is not None and len(self.constant) == 1:
            constant = self.constant[0]
            return (lambda _: constant) if isinstance(constant, bool) else None
        if self.values is None or self.type is None:
            return None
        return _truth(self.values, is_boolean=self.type.system == "Boolean")


def _truth(values: Values, *, is_boolean: bool) -> Test:
    def test(this: Any) -> bool | None:
        items = values(this)
        if not items:
            return None
        if len(items) > 1:
            raise FHIRPathExecutionError("a Boolean is needed")
        if not is_boolean:
            return True
        return items[0] if isinstance(items[0], bool) else None

    return test


def needs_full_evaluation() -> FHIRPathExecutionError:
    """The error by which a fast path hands over to the full evaluation."""
    return FHIRPathExecutionError(NEEDS_FULL_EVALUATION)
