"""Whether an expression in a definition can be evaluated on the type that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.fhirpath import FHIRPathLimitError
from fhir_kb.fhirpath.engine import check

if TYPE_CHECKING:
    from fhir_kb.fhirpath import FHIRPathError
    from fhir_kb.packages import Definitions

_MAX_LENGTH: Final = 20_000
#: The type may be that of a logical model, and these are not loaded.
_UNKNOWN_TYPE: Final = "there is no type "


def static_error(expression: str, definitions: Definitions, type_path: str) -> FHIRPathError | None:
    """The error that every evaluation on elements of a type ends with, or None."""
    if len(expression) > _MAX_LENGTH:
        return None
    error = check(expression, definitions, type_path)
    if isinstance(error, FHIRPathLimitError):
        return None
    return None if error is not None and _UNKNOWN_TYPE in str(error) else error


def start_type(type_name: str, path: str) -> str:
    """The type path on which an expression is evaluated.

    Args:
        type_name: A type of the element that has the expression.
        path: The element: "Patient.contact".
    """
    start = path if type_name in ("BackboneElement", "Element") else type_name
    return start.replace("[x]", "")
