"""Search parameters against FHIR's own: http://hl7.org/fhir/searchparameter.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.searches import search_parameters
from fhir_kb.validate.fhir.issue import Context, Finding, fail, within
from fhir_kb.validate.fhir.kinds_conformance import SEARCH_DIFFERS
from fhir_kb.validate.fhir.walking import objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.searches import SearchParameter
    from fhir_kb.validate.fhir.issue import Checker, Findings


def search_rules(fhir_version: str) -> dict[str, Checker]:
    """The checks, by the type path of the objects that they look at."""

    def derived(value: Mapping[str, Any], _context: Context) -> Findings:
        known = _known(value.get("derivedFrom"), fhir_version)
        bases = value.get("base")
        if known is None or not isinstance(bases, list):
            return None
        found: list[Finding] = []
        if isinstance(value.get("type"), str) and value["type"] != known.type:
            message = f"the type is {value['type']}, and that of {known.url} is {known.type}"
            found += fail(SEARCH_DIFFERS, message, None, "SEARCHPARAMETER_TYPE_WRONG")
        others = [one for one in bases if isinstance(one, str) and one not in known.bases]
        if others and "Resource" not in known.bases:
            message = f"{known.url} is not for {', '.join(others)}"
            found += fail(SEARCH_DIFFERS, message, None, "SEARCHPARAMETER_BASE_WRONG")
        return found or None

    def stated(value: Mapping[str, Any], _context: Context) -> Findings:
        found: list[Finding] = []
        for index, one in objects(value, "searchParam"):
            known = _known(one.get("definition"), fhir_version)
            if known is not None and one.get("type") not in (None, known.type):
                message = f"the type is {one['type']}, and that of {known.url} is {known.type}"
                found += within(fail(SEARCH_DIFFERS, message), "searchParam", index)
        return found or None

    return {"SearchParameter": derived, "CapabilityStatement.rest.resource": stated}


def _known(canonical: object, fhir_version: str) -> SearchParameter | None:
    if not isinstance(canonical, str):
        return None
    return search_parameters(fhir_version).get(canonical.partition("|")[0])
