"""Filters of value sets: http://hl7.org/fhir/valueset.html#compositions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.terminology.concepts import STANDARD_PROPERTIES
from fhir_kb.terminology.ecl import is_invalid_ecl
from fhir_kb.validate.core.issue import Finding, quoted
from fhir_kb.validate.core.json_values import text
from fhir_kb.validate.finding_codes import FILTER, SET_DOUBTFUL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.service import TerminologyService

_LONGEST_PATTERN: Final = 5000
_SNOMED: Final = "http://snomed.info/sct"
_RELATIONS: Final = frozenset(
    {"is-a", "descendent-of", "is-not-a", "in", "not-in", "generalizes", "child-of",
     "descendent-leaf"}
)  # fmt: skip
_COMPARISONS: Final = frozenset({"=", "regex", "in", "not-in", "exists"})
_PREFIX: Final = "(?:eq|ne|[lg][te])?"  # as searches have it
_FORM_OF_TYPE: Final = {
    "integer": (re.compile(_PREFIX + r"[+-]?\d{1,18}"), "an integer", "INTEGER"),
    "decimal": (
        re.compile(_PREFIX + r"[+-]?\d{1,18}(\.\d{1,18})?(e[+-]?\d{1,4})?"),
        "a number",
        "DECIMAL",
    ),
    "dateTime": (
        re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?"),
        "a date",
        "DATETIME",
    ),
    "boolean": (re.compile("true|false"), "'true' or 'false'", "BOOLEAN"),
    "code": (re.compile(r"[^\s]{1,500}( [^\s]{1,500}){0,50}"), "a code", "CODE"),
}  # fmt: skip


def check_filter(
    part: Mapping[str, Any], filter_: Mapping[str, Any], terminology: TerminologyService
) -> Iterator[Finding]:
    """What is wrong with a filter of an include or exclude."""
    system = text(part, "system").partition("|")[0]
    name, operator, value = text(filter_, "property"), text(filter_, "op"), text(filter_, "value")
    concepts = terminology.code_system(system) if system else None
    if not (system and name and operator):
        return
    if concepts is not None and name != "constraint" and not concepts.has_property(name):
        message = f"{system} has no property {quoted(name)}"
        advice = (
            f"it has: {', '.join(sorted(concepts.declared_properties))}"
            if concepts.declared_properties
            else None
        )
        yield Finding(SET_DOUBTFUL, message, advice, "VALUESET_UNKNOWN_FILTER_PROPERTY")
    value_type = "code" if name in ("concept", "code") else _property_type(concepts, name)
    if not _is_allowed(system, name, operator):
        message = f"the operation '{operator}' does not exist for the property {quoted(name)}"
        yield Finding(FILTER, message, message_id="VALUESET_BAD_FILTER_OP")
    if not value:
        return
    if system == _SNOMED and name == "constraint" and operator == "=" and is_invalid_ecl(value):
        message = f"{quoted(value)} is not a valid SNOMED CT expression constraint (ECL)"
        yield Finding(FILTER, message, message_id="VALUESET_BAD_FILTER_VALUE_INVALID")
    if operator == "regex":
        yield from _check_regex(value)
    elif operator == "exists":
        yield from _check_form("boolean", name, value)
    else:
        words = value.split(",") if operator in ("in", "not-in") else [value]
        for word in (word.strip() for word in words) if len(words) > 1 else words:
            yield from _check_value(system, name, value_type, word, terminology)


def _property_type(concepts: CodeSystemConcepts | None, name: str) -> str:
    """The type of a property; "" if unknown."""
    declared = concepts.property_types.get(name, "") if concepts is not None else ""
    return declared or STANDARD_PROPERTIES.get(name, "")


def _is_allowed(system: str, name: str, operator: str) -> bool:
    if name == "concept":
        return operator in _RELATIONS or (operator in ("=", "regex") and system != _SNOMED)
    if system == "http://loinc.org" and name not in ("code", "parent", "child", "ancestor"):
        return operator in _COMPARISONS
    return True


def _check_regex(value: str) -> Iterator[Finding]:
    if len(value) > _LONGEST_PATTERN:
        return
    try:
        re.compile(re.sub(r"\(\?[a-zA-Z]+\)", "", value))  # Java has flags at any place
    except (re.error, OverflowError, RecursionError):
        # Java has possessive quantifiers and nested classes, which Python's re rejects
        if not re.search(r"\[\[|&&|\\p|\\P|\\Q|[*+?}]\+", value):
            message = f"{quoted(value)} is not a valid regular expression"
            yield Finding(FILTER, message, message_id="VALUESET_BAD_FILTER_VALUE_VALID_REGEX")


def _check_form(value_type: str, name: str, value: str) -> Iterator[Finding]:
    pattern, expected, suffix = _FORM_OF_TYPE[value_type]
    if pattern.fullmatch(value) is None:
        message = (
            f"the property {quoted(name)} asks for {expected}, and the value is {quoted(value)}"
        )
        yield Finding(FILTER, message, message_id=f"VALUESET_BAD_FILTER_VALUE_{suffix}")


def _check_value(
    system: str, name: str, value_type: str, value: str, terminology: TerminologyService
) -> Iterator[Finding]:
    if value_type == "Coding":
        yield from _check_coding(name, value, terminology)
        return
    if value_type not in _FORM_OF_TYPE:
        return
    findings = list(_check_form(value_type, name, value))
    yield from findings
    if findings or value_type != "code" or name not in ("concept", "code", "parent", "child"):
        return
    if terminology.has_code(system, value) is False:
        yield Finding(
            FILTER,
            f"{quoted(value)} is not a code of {system}",
            message_id="VALUESET_BAD_FILTER_VALUE_VALID_CODE",
        )


def _check_coding(name: str, value: str, terminology: TerminologyService) -> Iterator[Finding]:
    canonical, hash_sign, code = value.rpartition("#")
    if not hash_sign:
        message = f"the property {quoted(name)} asks for 'system#code', and this is {quoted(value)}"
        if re.fullmatch(r"[a-z]+:[^\s|]+\|[^\s|]+", value):  # as searches have it
            yield Finding(
                SET_DOUBTFUL, message, message_id="VALUESET_BAD_FILTER_VALUE_CODED_LEGACY"
            )
        else:
            yield Finding(FILTER, message, message_id="VALUESET_BAD_FILTER_VALUE_CODED")
        return
    system, _, version = canonical.partition("|")
    if terminology.has_code(system, code, version) is False:
        message = f"{quoted(code)} is not a code of {system}"
        yield Finding(FILTER, message, message_id="VALUESET_BAD_FILTER_VALUE_CODED_INVALID")
