"""Check digits: the last digit of many identifiers follows from the others.

Each function says what is wrong with an identifier, in words that fit after "its", or None.
"""

from __future__ import annotations

import re
from typing import Final

WRONG_CHECK_DIGIT: Final = "check digit is wrong"
_LOINC: Final = re.compile(r"[0-9]{1,7}-[0-9]")
_LOINC_PART: Final = re.compile(r"L[A-Z]{1,3}[0-9]+-[0-9]")  # answers, lists, parts, groups
_CONCEPT_PARTITIONS: Final = ("00", "10")

# The dihedral group of order 10 and Verhoeff's permutation: SNOMED CT Release File Specification,
# "Check digit". https://docs.snomed.org
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
_PERMUTATION: Final = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def snomed_fault(code: str) -> str | None:
    """What is wrong with a SNOMED CT concept id; post-coordinated expressions are not checked."""
    if any(sign in code for sign in ":+=|"):
        return None
    if not (code.isascii() and code.isdigit() and 6 <= len(code) <= 18):
        return "form is not that of 6 to 18 digits"
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = int(_PRODUCT[check][int(_PERMUTATION[position % 8][int(digit)])])
    if check != 0:
        return WRONG_CHECK_DIGIT
    if code[-3:-1] not in _CONCEPT_PARTITIONS:
        return "partition is that of a description or relationship, not of a concept"
    return None


def loinc_fault(code: str) -> str | None:
    """What is wrong with a LOINC code (LOINC Users' Guide, "LOINC Identifiers": Mod 10)."""
    if _LOINC_PART.fullmatch(code):
        return None
    if not _LOINC.fullmatch(code):
        return "form is not that of digits, a hyphen and a check digit"
    number, _, check = code.partition("-")
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return None if (total + int(check)) % 10 == 0 else WRONG_CHECK_DIGIT


def issn_fault(issn: str) -> str | None:
    """What is wrong with an ISSN (ISO 3297) whose form was checked before."""
    return _mod_11(issn.replace("-", ""))


def isbn_fault(isbn: str) -> str | None:
    """What is wrong with an ISBN of ten or thirteen digits (ISO 2108)."""
    digits = isbn.replace("-", "").replace(" ", "")
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return _mod_11(digits)
    if not re.fullmatch(r"97[89][0-9]{10}", digits):
        return "form is not that of 10 digits, or of 13 that begin with 978 or 979"
    total = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(digits))
    return None if total % 10 == 0 else WRONG_CHECK_DIGIT


def orcid_fault(orcid: str) -> str | None:
    """What is wrong with an ORCID iD (ISO 7064 MOD 11-2) whose form was checked before."""
    digits, check = orcid[:-1].replace("-", ""), orcid[-1]
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return None if "0123456789X"[(12 - total % 11) % 11] == check else WRONG_CHECK_DIGIT


def _mod_11(digits: str) -> str | None:
    weights = range(len(digits), 0, -1)
    values = (10 if digit == "X" else int(digit) for digit in digits)
    total = sum(weight * value for weight, value in zip(weights, values, strict=True))
    return None if total % 11 == 0 else WRONG_CHECK_DIGIT
