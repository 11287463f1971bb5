"""Search parameters: http://hl7.org/fhir/searchparameter.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathSyntaxError
from fhir_kb.packages.core.search_parameters import search_parameters
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    DEFINITION_NOT_AVAILABLE,
    SEARCH_DIFFERS,
    SEARCH_DOUBTFUL,
    SEARCHES_NOTHING,
)
from fhir_kb.validate.invariants.static_check import static_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import FHIRPathError
    from fhir_kb.packages import Definitions
    from fhir_kb.packages.core.search_parameters import SearchParameter
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

#: Characters with a meaning in search URLs: http://hl7.org/fhir/search.html.
_SPECIAL_CHARACTERS: Final = ".$|"


def search_parameter_checks(definitions: Definitions) -> dict[str, Checker]:
    """The checks by the type path of the objects that they check."""
    fhir_version = definitions.fhir_version

    def check_parameter(value: Mapping[str, Any], context: Context) -> Findings:
        findings = _check_expression(value, definitions)
        code = text(value, "code")
        if specials := [character for character in _SPECIAL_CHARACTERS if character in code]:
            message = (
                f"the code {quoted(code)} has {' '.join(specials)}, which means something in urls"
            )
            findings += report(SEARCH_DOUBTFUL, message)
        findings += _check_derivation(value, context, fhir_version)
        if value.get("type") == "composite" and sum(1 for _ in objects(value, "component")) < 2:
            message = "a search parameter of the type 'composite' has two components or more"
            findings += report(
                SEARCHES_NOTHING, message, None, "SEARCHPARAMETER_MISSING_COMPONENTS"
            )
        return findings or None

    def check_capability(value: Mapping[str, Any], _context: Context) -> Findings:
        findings: list[Finding] = []
        for index, parameter in objects(value, "searchParam"):
            core = _core_parameter(parameter.get("definition"), fhir_version)
            if core is not None and parameter.get("type") not in (None, core.type):
                message = f"the type is {parameter['type']}, and that of {core.url} is {core.type}"
                findings += under(report(SEARCH_DIFFERS, message), "searchParam", index)
        return findings or None

    return {
        "SearchParameter": check_parameter,
        "CapabilityStatement.rest.resource": check_capability,
    }


def _core_parameter(canonical: object, fhir_version: str) -> SearchParameter | None:
    if not isinstance(canonical, str):
        return None
    return search_parameters(fhir_version).get(canonical.partition("|")[0])


def _check_derivation(
    value: Mapping[str, Any], context: Context, fhir_version: str
) -> list[Finding]:
    """Differences from the search parameter that it is derived from."""
    url = text(value, "derivedFrom")
    core = _core_parameter(url, fhir_version)
    if core is None:
        canonicals = context.canonicals
        if url and (canonicals is None or canonicals.find(url, "SearchParameter") is None):
            message = f"not checked: {quoted(url, 100)}, which it is derived from, is not available"
            return report(DEFINITION_NOT_AVAILABLE, message, None, "SEARCHPARAMETER_NOTFOUND")
        return []
    findings: list[Finding] = []
    if isinstance(value.get("type"), str) and value["type"] != core.type:
        message = f"the type is {value['type']}, and that of {core.url} is {core.type}"
        findings += report(SEARCH_DIFFERS, message, None, "SEARCHPARAMETER_TYPE_WRONG")
    extra_bases = [base for base in _bases(value) if base not in core.bases]
    if extra_bases and "Resource" not in core.bases:
        message = f"{core.url} is not for {', '.join(extra_bases)}"
        findings += report(SEARCH_DIFFERS, message, None, "SEARCHPARAMETER_BASE_WRONG")
    return findings


def _bases(value: Mapping[str, Any]) -> list[str]:
    bases = value.get("base")
    return [base for base in bases if isinstance(base, str)] if isinstance(bases, list) else []


def _check_expression(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Check the expression for operands that no base type can have."""
    expression, bases = text(value, "expression"), _bases(value)
    if not expression or not bases:
        return []
    known_bases = [base for base in bases if base in definitions.resource_types]
    if len(known_bases) < len(bases) or any(
        base in definitions.abstract_types for base in known_bases
    ):
        return []  # an unknown or abstract type
    for operand in union_operands(expression) if len(bases) > 1 else (expression,):
        error = _expression_error(operand, bases, definitions)
        if error is not None:
            message = f"{quoted(operand.strip(), 100)} cannot be evaluated: {error}"
            return under(report(SEARCHES_NOTHING, message), "expression")
    return []


def _expression_error(
    operand: str, bases: list[str], definitions: Definitions
) -> FHIRPathError | None:
    error = None
    for base in bases:
        error = static_error(operand, definitions, base)
        if error is None or isinstance(error, FHIRPathSyntaxError):
            return None  # invalid FHIRPath is reported by another rule
    return error


def union_operands(expression: str) -> list[str]:
    """The operands of the outermost unions; each is an expression by itself."""
    operands = [""]
    depth, quote = 0, ""
    characters = iter(expression)
    for character in characters:
        if quote:
            if character == "\\":
                operands[-1] += character + next(characters, "")
                continue
            quote = "" if character == quote else quote
        elif character in "'`\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "|" and depth == 0:
            operands.append("")
            continue
        operands[-1] += character
    return operands
