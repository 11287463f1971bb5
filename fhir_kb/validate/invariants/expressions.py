"""FHIRPath written inside resources: http://hl7.org/fhir/fhirpath.html.

Only the grammar is checked: what names mean depends on where an expression is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathLimitError, FHIRPathSyntaxError, parse
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.finding_codes import INVARIANT_NOT_EVALUATED, NOT_FHIRPATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_MAX_LENGTH: Final = 20_000
_CACHE_SIZE: Final = 4096


def expression_rule(type_path: str) -> Checker:
    """A check of `expression` in objects of a type; of Expression if its language is FHIRPath."""
    valid: set[str] = set()

    def check(value: Mapping[str, Any], _context: Context) -> Findings:
        expression = value.get("expression")
        if not isinstance(expression, str) or expression in valid:
            return None
        if not 0 < len(expression) <= _MAX_LENGTH:
            return None
        if type_path == "Expression" and value.get("language") != "text/fhirpath":
            return None
        try:
            parse(expression)
        except FHIRPathSyntaxError as error:
            message = f"the expression is not FHIRPath: {error}"
            return under(report(NOT_FHIRPATH, message), "expression")
        except FHIRPathLimitError as error:
            message = f"not checked: the expression: {error}"
            return under(report(INVARIANT_NOT_EVALUATED, message), "expression")
        if len(valid) >= _CACHE_SIZE:
            valid.clear()
        valid.add(expression)
        return None

    return check
