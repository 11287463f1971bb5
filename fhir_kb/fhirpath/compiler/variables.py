"""`%name`: constants, variables of the caller, and those that defineVariable() defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.errors import FHIRPathSemanticError

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.items import Item
    from fhir_kb.fhirpath.evaluation.scope import Run, Scope

CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
_PREFIXES = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}


def variable(name: str) -> Run:
    """Gives the value of %name. It raises FHIRPathSemanticError where there is no such variable."""
    if name in CONSTANTS:
        return _constant(CONSTANTS[name])
    for prefix, url in _PREFIXES.items():
        if name.startswith(prefix):
            return _constant(url + name.removeprefix(prefix))
    match name:
        case "context":
            return lambda scope: scope.env.context
        case "resource":
            return lambda scope: scope.env.resource
        case "rootResource":
            return lambda scope: scope.env.root

    def look_up(scope: Scope) -> list[Item]:
        items = scope.defined.get(name)
        if items is None:
            items = scope.env.variables.get(name)
        if items is None:
            raise FHIRPathSemanticError(f"there is no variable %{name} here")
        return items

    return look_up


def _constant(value: str) -> Run:
    items: list[Item] = [value]
    return lambda _: items
