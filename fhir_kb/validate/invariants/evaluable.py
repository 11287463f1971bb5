"""Whether an expression inside a definition can be evaluated on what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.fhirpath import FHIRPathLimitError
from fhir_kb.fhirpath.engine import check

if TYPE_CHECKING:
    from fhir_kb.fhirpath import FHIRPathError
    from fhir_kb.packages import Definitions

_LONGEST: Final = 20_000
#: A type may be that of a logical model, which is not known here.
_TYPE_UNKNOWN: Final = "there is no type "


def cannot_be(expression: str, definitions: Definitions, type_path: str) -> FHIRPathError | None:
    """What is wrong with an expression that is evaluated on elements of a type, if that is sure."""
    if len(expression) > _LONGEST:
        return None
    wrong = check(expression, definitions, type_path)
    if isinstance(wrong, FHIRPathLimitError):
        return None
    return None if wrong is not None and _TYPE_UNKNOWN in str(wrong) else wrong


def start_of(name: str, path: str) -> str:
    """The type path on which an expression at an element is evaluated, by one of its types."""
    start = path if name in ("BackboneElement", "Element") else name
    return start.replace("[x]", "")
