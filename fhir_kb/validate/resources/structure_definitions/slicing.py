"""Slicings in StructureDefinitions: http://hl7.org/fhir/profiling.html#slicing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathSyntaxError
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import DEFINITION_WARNING, SLICING_IMPOSSIBLE
from fhir_kb.validate.invariants.static_check import start_type, static_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding


def check_slicing(
    element: Mapping[str, Any], names: list[str], definitions: Definitions, *, is_snapshot: bool
) -> list[Finding]:
    """Check an element's slicing; names: its types, as far as they are stated."""
    slicing = element.get("slicing")
    if not isinstance(slicing, dict):
        return []
    path = text(element, "path")
    if "." not in path:
        if is_snapshot:
            return []
        message = f"{path} is the root, and there is just one"
        return report(SLICING_IMPOSSIBLE, message, None, "SD_NO_SLICING_ON_ROOT")
    definition = (
        definitions.element(path.replace("[x]", "")) if _is_known(path, definitions) else None
    )
    findings: list[Finding] = []
    if definition is not None and definition.max == 1 and "[x]" not in path:
        message = f"{path} does not repeat and has one type, so there is nothing to slice"
        findings += under(report(SLICING_IMPOSSIBLE, message), "slicing")
    for number, discriminator in objects(slicing, "discriminator"):
        discriminator_findings = _check_deprecated(discriminator, definitions)
        if definition is not None:
            discriminator_findings += _check_path(
                text(discriminator, "path"), path, names, definitions
            )
        findings += under(discriminator_findings, "slicing", "discriminator", number)
    return findings


def _is_known(path: str, definitions: Definitions) -> bool:
    return path.partition(".")[0] in definitions


def _check_deprecated(discriminator: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    if discriminator.get("type") != "pattern" or "CodeableReference" not in definitions:
        return []
    message = "the discriminator type 'pattern' is deprecated"
    advice = "write 'value': patterns count there, too"
    return report(DEFINITION_WARNING, message, advice, "SD_PATH_SLICING_DEPRECATED_R5")


def _check_path(
    expression: str, path: str, names: list[str], definitions: Definitions
) -> list[Finding]:
    if not expression or not names or any(name not in definitions for name in names):
        return []
    error = None
    for name in names:
        error = static_error(expression, definitions, start_type(name, path))
        if error is None:
            return []
        if isinstance(error, FHIRPathSyntaxError):
            break
    message = f"'{expression}' cannot distinguish the slices of {path}: {error}"
    return report(SLICING_IMPOSSIBLE, message, None, "SD_PATH_ERROR")


def check_slices_without_slicing(
    value: Mapping[str, Any], base: Mapping[str, Any]
) -> list[Finding]:
    """Slices in the differential of elements without slicing.

    Extensions are always sliced by their URLs, and choices by their types.
    """
    sliced = {
        text(element, "path")
        for part in (base.get("snapshot"), value.get("differential"))
        for _, element in objects(part, "element")
        if "slicing" in element
        or (element.get("sliceName") and part is not value.get("differential"))
    }
    base_paths = {text(element, "path") for _, element in objects(base.get("snapshot"), "element")}
    findings: list[Finding] = []
    for number, element in objects(value.get("differential"), "element"):
        path = text(element, "path")
        if not text(element, "sliceName") or path in sliced or path not in base_paths:
            continue
        if path.endswith(("xtension", "[x]")):
            continue
        sliced.add(path)
        message = f"{path} has slices, but no 'slicing' that distinguishes them"
        advice = f"give {path} a 'slicing' before its slices"
        element_findings = report(SLICING_IMPOSSIBLE, message, advice)
        findings += under(element_findings, "differential", "element", number)
    return findings
