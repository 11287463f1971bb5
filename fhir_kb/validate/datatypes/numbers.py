"""Numbers and booleans as FHIR has them in JSON."""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import Finding, json_type, quoted, report
from fhir_kb.validate.finding_codes import BAD_DECIMAL, BAD_INTEGER, EMPTY, NULL, WRONG_JSON_TYPE

if TYPE_CHECKING:
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_INTEGER_TEXT = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
RANGES: Final = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}
#: Integers of more bits are not printed: Python refuses that (CVE-2020-10735).
_MAX_PRINTED_BITS: Final = 4096


class NumberText(Decimal):
    """A JSON number that Python would print otherwise; `text` is what was written."""

    text: str

    @classmethod
    def of(cls, text: str) -> NumberText:
        """The number as written."""
        number_ = cls(text)
        number_.text = text
        return number_


def number(text: str) -> Decimal:
    """A JSON number with a point or exponent, as written."""
    plain = Decimal(text)
    return plain if str(plain) == text else NumberText.of(text)


def not_a_string(value: object) -> list[Finding]:
    """What is wrong with a value that should be a string with content."""
    if value is None:
        return report(NULL, "null is not a value in FHIR", "leave the property out")
    if value == "":
        return report(
            EMPTY,
            "the string is empty",
            "leave the property out",
            "Type_Specific_Checks_DT_Primitive_NotEmpty",
        )
    return report(WRONG_JSON_TYPE, f"a string is expected here, not {json_type(value)}")


def boolean(value: Any, _context: Context) -> Findings:
    """The check of a boolean."""
    if value is True or value is False:
        return None
    if value is None:
        return not_a_string(value)
    return report(
        WRONG_JSON_TYPE,
        f"true or false is expected here, not {_with_value(value)}",
        "write it without quotation marks" if value in ("true", "false") else None,
        "Error_parsing_JSON_the_primitive_value_must_be_a_boolean",
    )


def _with_value(value: object) -> str:
    simple = isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)
    if not simple or (isinstance(value, int) and value.bit_length() > _MAX_PRINTED_BITS):
        return json_type(value)
    return f"{json_type(value)}, {quoted(value)}"


def whole(type_name: str) -> Checker:
    """The check of integer, unsignedInt or positiveInt."""
    lowest, highest = RANGES[type_name]

    def check(value: Any, _context: Context) -> Findings:
        if type(value) is int:
            if lowest <= value <= highest:
                return None
            return report(
                BAD_INTEGER,
                f"{_digits(value)} is outside of what {type_name} allows: {lowest} to {highest}",
            )
        if value is None:
            return not_a_string(value)
        if isinstance(value, Decimal | float):
            return report(BAD_INTEGER, f"{value} is not a whole number, as {type_name} demands")
        return _no_number(value)

    return check


def integer64(value: str) -> Findings:
    """What is wrong with an integer64, which JSON has as a string."""
    if _INTEGER_TEXT.fullmatch(value) and -(2**63) <= int(value) < 2**63:
        return None
    return report(
        BAD_INTEGER,
        f"{quoted(value)} is not a 64 bit integer",
        message_id="Type_Specific_Checks_DT_Integer64_Valid",
    )


def decimal(pattern: re.Pattern[str]) -> Checker:
    """The check of a decimal, whose digits a release may limit by `pattern`."""

    def check(value: Any, _context: Context) -> Findings:
        kind = type(value)
        if kind is int or kind is Decimal:
            text = _digits(value)
        elif isinstance(value, NumberText):
            text = value.text
        elif kind is float:
            text = f"{Decimal(repr(value)):f}" if isfinite(value) else "not a number"
        else:
            return _no_number(value)
        if pattern.fullmatch(text):
            return None
        return report(BAD_DECIMAL, f"{quoted(text)} is not a decimal as FHIR has them")

    return check


def _digits(value: int | Decimal) -> str:
    if isinstance(value, int) and value.bit_length() > _MAX_PRINTED_BITS:
        return "a number of more than a thousand digits"
    return str(value)


def _no_number(value: Any) -> list[Finding]:
    if value is None:
        return not_a_string(value)
    return report(
        WRONG_JSON_TYPE,
        f"a number is expected here, not {_with_value(value)}",
        message_id="Error_parsing_JSON_the_primitive_value_must_be_a_number",
    )
