"""KB319: a code has the wrong check digit.

The last digit of a SNOMED CT id (Verhoeff) and of a LOINC code (modulus 10) follows from the
others, so that most slips and inventions show. A wrong code is worse than none.

    snomed: 279062008          # 279062009 is myofascial pain

Look the code up again, or leave the concept as text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.model.concept import Code
from fhir_kb.validate.rules.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text

# The dihedral group of order 10 and Verhoeff's permutation: SNOMED CT Release File Specification.
_PRODUCT: Final = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_TURN: Final = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
_LOINC: Final = re.compile(r"\d{1,7}-\d")
_PLACES: Final = {"http://snomed.info/sct": "snomed", "http://loinc.org": "loinc"}


def _check(scope: Scope) -> Iterator[Finding]:
    for record in (*scope.records, *scope.base.concepts.values()):
        for kind in ("snomed", "loinc"):
            code: Text | None = getattr(record, kind, None)
            if code is not None:
                yield from _judge(kind, code)
        if isinstance(record, Code):
            system = str(record.system)
            yield from _judge(_PLACES.get(system, system), record.code)


def _judge(kind: str, code: Text) -> Iterator[Finding]:
    if kind == "snomed" and not is_snomed(code):
        message = f"'{code}' is no SNOMED CT id: its check digit is wrong"
        yield Finding(code.span, message, "look it up again, or leave it out")
    if kind == "loinc" and not is_loinc(code):
        message = f"'{code}' is no LOINC code: its check digit is wrong"
        yield Finding(code.span, message, "look it up again, or leave it out")


def is_snomed(code: str) -> bool:
    """Whether a text has the form of a SNOMED CT id, and its check digit."""
    if not (code.isascii() and code.isdigit() and 6 <= len(code) <= 18):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(_PRODUCT[check][int(_TURN[place % 8][int(digit)])])
    return check == 0


def is_loinc(code: str) -> bool:
    """Whether a text has the form of a LOINC code, and its check digit (Luhn)."""
    if _LOINC.fullmatch(code) is None:
        return code.startswith(("LA", "LP", "LL", "LG"))  # answers, parts, lists, groups
    number, _, check = code.partition("-")
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (total + int(check)) % 10 == 0


RULE = Rule("KB319", "check-digit", Severity.ERROR, _check, __doc__)
