"""The forms of FHIR's simple values: http://hl7.org/fhir/datatypes.html#primitive."""

from __future__ import annotations

import re
from binascii import a2b_base64
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted, report
from fhir_kb.validate.datatypes.dates import (
    date_problem,
    date_time_problem,
    instant_problem,
    time_problem,
)
from fhir_kb.validate.datatypes.numbers import (
    RANGES,
    boolean,
    decimal,
    integer64,
    not_a_string,
    whole,
)
from fhir_kb.validate.finding_codes import (
    BAD_BASE64,
    BAD_CANONICAL,
    BAD_CODE,
    BAD_DATE,
    BAD_ID,
    BAD_OID,
    BAD_STRING,
    BAD_URI,
    BAD_UUID,
    CONTROL_CHARACTER,
    NO_SUCH_CONTAINED,
    ONLY_SPACE,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_CODE = re.compile(r"\S+(?: \S+)*")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_URI = re.compile(r"\S+")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: Where the last number begins at least, in OIDs that are registered.
_LAST_OID_NUMBER: Final = len("urn:oid:") + 5
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*:\S+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_MAX_LENGTH: Final = 1024 * 1024
#: How many valid values are kept for a type, so that the same system is checked once.
_CACHE_SIZE: Final = 4096
_MAX_CACHED_LENGTH: Final = 256


def checker(type_name: str, regex: str = "") -> Checker:
    """The check of a primitive type's JSON value.

    Args:
        type_name: "string", "dateTime", …
        regex: The pattern that the release gives for the type. It is used for decimals, whose
            digits R5 limits and R4 does not.

    Raises:
        KeyError: It is no primitive type.
    """
    if type_name == "decimal":
        return decimal(re.compile(regex or r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"))
    return _CHECKERS[type_name]


def _string(value: Any, _context: Context) -> Findings:
    if isinstance(value, str) and value:
        if len(value) <= _MAX_LENGTH and (value.isprintable() or not _CONTROL.search(value)):
            if value.isspace():
                return report(
                    ONLY_SPACE,
                    "the string contains only white space",
                    "leave the property out",
                    "Type_Specific_Checks_DT_Primitive_WS",
                )
            return None
        if len(value) > _MAX_LENGTH:
            return report(
                BAD_STRING, f"the string is {len(value)} characters long; {_MAX_LENGTH} are allowed"
            )
        return report(CONTROL_CHARACTER, f"the string contains a control character: {value!r:.60}")
    return not_a_string(value)


def _cached(find_problem: Callable[[str], Findings]) -> Checker:
    """A check of strings that keeps those that are valid."""
    valid: set[str] = set()

    def check(value: Any, context: Context) -> Findings:
        if isinstance(value, str) and value:
            if value in valid:
                return None
            if value[0] == "#" and find_problem in _WITH_FRAGMENTS:
                return _fragment(value, context, is_contained=find_problem is _canonical)
            findings = find_problem(value)
            if findings is None and len(value) < _MAX_CACHED_LENGTH:
                if len(valid) >= _CACHE_SIZE:
                    valid.clear()
                valid.add(value)
            return findings
        return not_a_string(value)

    return check


def _fragment(value: str, context: Context, *, is_contained: bool) -> Findings:
    """What is wrong with "#name"; is_contained: whether only a contained resource can be meant."""
    name = value[1:]
    if not name or context.contained(name) is not None:
        return None
    if not is_contained and context.resource.get("resourceType") != "ValueSet":
        return None  # it may be the id of an element, or of a part of the narrative
    return report(
        NO_SUCH_CONTAINED,
        f"there is no contained resource with the id '{name}'",
        message_id="TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL",
    )


def _pattern(
    code: FindingCode, pattern: re.Pattern[str], what: str, advice: str | None = None
) -> Any:
    def find_problem(value: str) -> Findings:
        if pattern.fullmatch(value):
            return None
        return report(code, f"{quoted(value)} is not {what}", advice)

    return find_problem


def _uri(value: str) -> Findings:
    if not _URI.fullmatch(value):
        return report(BAD_URI, f"{quoted(value)} is not a uri: it contains white space")
    return _urn(value)


def _urn(value: str) -> Findings:
    if value.startswith("oid:"):
        return report(
            BAD_URI,
            f"{quoted(value)} is not a uri",
            f"did you mean 'urn:{value}'?",
            "Type_Specific_Checks_DT_URI_OID",
        )
    if value.startswith("uuid:"):
        return report(
            BAD_URI,
            f"{quoted(value)} is not a uri",
            f"did you mean 'urn:{value}'?",
            "Type_Specific_Checks_DT_URI_UUID",
        )
    # A canonical may carry a version or fragment after the OID or UUID.
    plain = value.partition("|")[0].partition("#")[0]
    if plain.startswith("urn:oid:"):
        if not _OID.fullmatch(plain):
            return report(BAD_OID, f"{quoted(value)} is not a well-formed OID")
        if plain.rfind(".") < _LAST_OID_NUMBER:
            message = f"{quoted(value)} is too short to be a registered OID"
            return report(BAD_OID, message)
    if plain.startswith("urn:uuid:") and not _UUID.fullmatch(plain):
        return report(
            BAD_UUID,
            f"{quoted(value)} is not a well-formed UUID",
            "8-4-4-4-12 hexadecimal digits in lower case",
        )
    return None


def _canonical(value: str) -> Findings:
    if findings := _uri(value):
        return findings
    if _SCHEME.fullmatch(value):
        return None
    return report(
        BAD_CANONICAL,
        f"the canonical {quoted(value)} is not an absolute url",
        "write the url of the definition, or '#id' for a contained resource",
    )


def _oid(value: str) -> Findings:
    if not value.startswith("urn:oid:"):
        return report(
            BAD_OID,
            f"{quoted(value)} does not begin with urn:oid:",
            message_id="Type_Specific_Checks_DT_OID_Start",
        )
    return _urn(value)


def _uuid(value: str) -> Findings:
    if not value.startswith("urn:uuid:"):
        return report(
            BAD_UUID,
            f"{quoted(value)} does not begin with urn:uuid:",
            message_id="Type_Specific_Checks_DT_UUID_Strat",
        )
    return _urn(value)


def _temporal(
    form_problem: Callable[[str], str | None], message_id: str
) -> Callable[[str], Findings]:
    def find_problem(value: str) -> Findings:
        problem = form_problem(value)
        if problem is None:
            return None
        if "time zone" in problem:
            return report(BAD_DATE, problem, message_id="Type_Specific_Checks_DT_DateTime_TZ")
        return report(BAD_DATE, problem, message_id=message_id)

    return find_problem


def _base64(value: str) -> Findings:
    if _is_base64(value) or _is_base64("".join(value.split())):
        return None
    return report(BAD_BASE64, f"{quoted(value, 30)} is not base64")


def _is_base64(value: str) -> bool:
    try:
        a2b_base64(value, strict_mode=True)
    except ValueError:
        return False
    return True


#: The types whose values may name a contained resource.
_WITH_FRAGMENTS: Final = (_uri, _canonical)
_STRINGS: Final[dict[str, Any]] = {
    "code": _pattern(
        BAD_CODE,
        _CODE,
        "a code: it has white space at its ends, two spaces in a row, or a line break",
    ),
    "id": _pattern(BAD_ID, _ID, "an id", "1 to 64 of the characters A-Z, a-z, 0-9, '-' and '.'"),
    "uri": _uri,
    "url": _uri,
    "canonical": _canonical,
    "oid": _oid,
    "uuid": _uuid,
    "date": _temporal(date_problem, "Type_Specific_Checks_DT_Date_Valid"),
    "dateTime": _temporal(date_time_problem, "Type_Specific_Checks_DT_DateTime_Valid"),
    "instant": _temporal(instant_problem, "Type_Specific_Checks_DT_Instant_Valid"),
    "time": _temporal(time_problem, "Type_Specific_Checks_DT_Time_Valid"),
    "base64Binary": _base64,
    "integer64": integer64,
}
_CHECKERS: Final[dict[str, Checker]] = {
    "string": _string,
    "markdown": _string,
    "boolean": boolean,
    **{name: whole(name) for name in RANGES},
    **{name: _cached(problem) for name, problem in _STRINGS.items()},
}
