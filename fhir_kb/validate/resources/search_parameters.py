"""Search parameters: http://hl7.org/fhir/searchparameter.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathSyntaxError
from fhir_kb.packages.core.search_parameters import search_parameters
from fhir_kb.validate.codes import (
    SEARCH_DIFFERS,
    SEARCH_DOUBTFUL,
    SEARCHES_NOTHING,
)
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.invariants.evaluable import cannot_be

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import FHIRPathError
    from fhir_kb.packages import Definitions
    from fhir_kb.packages.core.search_parameters import SearchParameter
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

#: Characters of a search's url: http://hl7.org/fhir/search.html.
_SIGNS: Final = ".$|"


def search_rules(definitions: Definitions) -> dict[str, Checker]:
    """The checks, by the type path of the objects that they look at."""
    fhir_version = definitions.fhir_version

    def parameter(value: Mapping[str, Any], context: Context) -> Findings:
        found = _expression(value, definitions)
        code = text(value, "code")
        if signs := [one for one in _SIGNS if one in code]:
            message = (
                f"the code {quoted(code)} has {' '.join(signs)}, which means something in urls"
            )
            found += report(SEARCH_DOUBTFUL, message)
        found += _derived(value, context, fhir_version)
        if value.get("type") == "composite" and sum(1 for _ in objects(value, "component")) < 2:
            message = "a search parameter of the type 'composite' has two components or more"
            found += report(SEARCHES_NOTHING, message, None, "SEARCHPARAMETER_MISSING_COMPONENTS")
        return found or None

    def stated(value: Mapping[str, Any], _context: Context) -> Findings:
        found: list[Finding] = []
        for index, one in objects(value, "searchParam"):
            known = _known(one.get("definition"), fhir_version)
            if known is not None and one.get("type") not in (None, known.type):
                message = f"the type is {one['type']}, and that of {known.url} is {known.type}"
                found += under(report(SEARCH_DIFFERS, message), "searchParam", index)
        return found or None

    return {"SearchParameter": parameter, "CapabilityStatement.rest.resource": stated}


def _known(canonical: object, fhir_version: str) -> SearchParameter | None:
    if not isinstance(canonical, str):
        return None
    return search_parameters(fhir_version).get(canonical.partition("|")[0])


def _derived(value: Mapping[str, Any], context: Context, fhir_version: str) -> list[Finding]:
    """What differs from the search parameter that it is derived from."""
    url = text(value, "derivedFrom")
    known = _known(url, fhir_version)
    if known is None:
        canonicals = context.canonicals
        if url and (canonicals is None or canonicals.find(url, "SearchParameter") is None):
            message = f"{quoted(url, 100)} is not known, so nothing can be compared with it"
            return report(SEARCH_DOUBTFUL, message, None, "SEARCHPARAMETER_NOTFOUND")
        return []
    found: list[Finding] = []
    if isinstance(value.get("type"), str) and value["type"] != known.type:
        message = f"the type is {value['type']}, and that of {known.url} is {known.type}"
        found += report(SEARCH_DIFFERS, message, None, "SEARCHPARAMETER_TYPE_WRONG")
    others = [one for one in _bases(value) if one not in known.bases]
    if others and "Resource" not in known.bases:
        message = f"{known.url} is not for {', '.join(others)}"
        found += report(SEARCH_DIFFERS, message, None, "SEARCHPARAMETER_BASE_WRONG")
    return found


def _bases(value: Mapping[str, Any]) -> list[str]:
    bases = value.get("base")
    return [one for one in bases if isinstance(one, str)] if isinstance(bases, list) else []


def _expression(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Whether there is a part of the expression that none of the base types can have."""
    written, bases = text(value, "expression"), _bases(value)
    if not written or not bases:
        return []
    known = [one for one in bases if one in definitions.resource_types]
    if len(known) < len(bases) or any(one in definitions.abstract_types for one in known):
        return []  # of types that are not known here, or of any
    for part in parts(written) if len(bases) > 1 else (written,):
        wrong = _wrong(part, bases, definitions)
        if wrong is not None:
            message = f"{quoted(part.strip(), 100)} cannot be evaluated: {wrong}"
            return under(report(SEARCHES_NOTHING, message), "expression")
    return []


def _wrong(part: str, bases: list[str], definitions: Definitions) -> FHIRPathError | None:
    wrong = None
    for base in bases:
        wrong = cannot_be(part, definitions, base)
        if wrong is None or isinstance(wrong, FHIRPathSyntaxError):
            return None  # what is no FHIRPath is told by another rule
    return wrong


def parts(expression: str) -> list[str]:
    """The operands of the outermost unions; each is an expression of its own."""
    found = [""]
    depth, quote = 0, ""
    characters = iter(expression)
    for sign in characters:
        if quote:
            if sign == "\\":
                found[-1] += sign + next(characters, "")
                continue
            quote = "" if sign == quote else quote
        elif sign in "'`\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "|" and depth == 0:
            found.append("")
            continue
        found[-1] += sign
    return found
