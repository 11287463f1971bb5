"""Units of UCUM in quantities and codings: http://hl7.org/fhir/datatypes.html#Quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.terminology.membership import UCUM, matches_grammar
from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.finding_codes import UNKNOWN_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

UCUM_ADVICE: Final = "UCUM writes mm[Hg], kg/m2, g/dL, 10*3/uL, and words in braces: {tablet}"


def check_unit(value: Mapping[str, Any], _context: Context) -> Findings:
    """Check the code of a Quantity or Coding whose system is UCUM."""
    code = value.get("code")
    if value.get("system") != UCUM or not isinstance(code, str):
        return None
    if matches_grammar(UCUM, code) is not False:
        return None
    message = f"{quoted(code)} is not a code of UCUM ({UCUM})"
    return under(report(UNKNOWN_CODE, message, UCUM_ADVICE), "code")
