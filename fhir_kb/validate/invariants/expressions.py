"""FHIRPath written inside resources: http://hl7.org/fhir/fhirpath.html.

Only the grammar is looked at: what names mean depends on where an expression is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathLimitError, FHIRPathSyntaxError, parse
from fhir_kb.validate.codes import INVARIANT_NOT_EVALUATED, NOT_FHIRPATH
from fhir_kb.validate.core.issue import report, under

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_LONGEST: Final = 20_000
_MEMORY: Final = 4096


def expression_rule(type_path: str) -> Checker:
    """A check of `expression` in objects of the type; of Expression where it says FHIRPath."""
    fine: set[str] = set()

    def check(value: Mapping[str, Any], _context: Context) -> Findings:
        written = value.get("expression")
        if not isinstance(written, str) or written in fine or not 0 < len(written) <= _LONGEST:
            return None
        if type_path == "Expression" and value.get("language") != "text/fhirpath":
            return None
        try:
            parse(written)
        except FHIRPathSyntaxError as error:
            found = report(NOT_FHIRPATH, f"the expression is not FHIRPath: {error}")
            return under(found, "expression")
        except FHIRPathLimitError as error:
            found = report(INVARIANT_NOT_EVALUATED, f"the expression was not looked at: {error}")
            return under(found, "expression")
        if len(fine) >= _MEMORY:
            fine.clear()
        fine.add(written)
        return None

    return check
