"""Slicings in StructureDefinitions: http://hl7.org/fhir/profiling.html#slicing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathSyntaxError
from fhir_kb.validate.codes import DEFINITION_WARNING, SLICING_IMPOSSIBLE
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.invariants.evaluable import cannot_be, start_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding


def check_slicing(
    element: Mapping[str, Any], names: list[str], definitions: Definitions, *, is_snapshot: bool
) -> list[Finding]:
    """What is wrong with an element's slicing; names: its types, as far as they are stated."""
    slicing = element.get("slicing")
    if not isinstance(slicing, dict):
        return []
    path = text(element, "path")
    if "." not in path:
        if is_snapshot:
            return []
        message = f"{path} is the root, and there is just one"
        return report(SLICING_IMPOSSIBLE, message, None, "SD_NO_SLICING_ON_ROOT")
    whole = definitions.element(path.replace("[x]", "")) if _is_known(path, definitions) else None
    found: list[Finding] = []
    if whole is not None and whole.max == 1 and "[x]" not in path:
        message = f"{path} does not repeat and has one type, so there is nothing to slice"
        found += under(report(SLICING_IMPOSSIBLE, message), "slicing")
    for number, one in objects(slicing, "discriminator"):
        bad = _deprecated(one, definitions)
        if whole is not None:
            bad += _path(text(one, "path"), path, names, definitions)
        found += under(bad, "slicing", "discriminator", number)
    return found


def _is_known(path: str, definitions: Definitions) -> bool:
    return path.partition(".")[0] in definitions


def _deprecated(one: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    if one.get("type") != "pattern" or "CodeableReference" not in definitions:
        return []
    message = "slices are told apart by 'pattern'"
    advice = "write 'value': patterns count there, too"
    return report(DEFINITION_WARNING, message, advice, "SD_PATH_SLICING_DEPRECATED_R5")


def _path(written: str, path: str, names: list[str], definitions: Definitions) -> list[Finding]:
    if not written or not names or any(one not in definitions for one in names):
        return []
    wrong = None
    for name in names:
        wrong = cannot_be(written, definitions, start_of(name, path))
        if wrong is None:
            return []
        if isinstance(wrong, FHIRPathSyntaxError):
            break
    message = f"'{written}' tells no slices of {path} apart: {wrong}"
    return report(SLICING_IMPOSSIBLE, message, None, "SD_PATH_ERROR")


def without_slicing(value: Mapping[str, Any], base: Mapping[str, Any]) -> list[Finding]:
    """Slices in the differential of what nobody says how it is sliced.

    Extensions are always sliced by their urls, and choices by their types.
    """
    sliced = {
        text(one, "path")
        for part in (base.get("snapshot"), value.get("differential"))
        for _, one in objects(part, "element")
        if "slicing" in one or (one.get("sliceName") and part is not value.get("differential"))
    }
    known = {text(one, "path") for _, one in objects(base.get("snapshot"), "element")}
    found: list[Finding] = []
    for number, one in objects(value.get("differential"), "element"):
        path = text(one, "path")
        if not text(one, "sliceName") or path in sliced or path not in known:
            continue
        if path.endswith(("xtension", "[x]")):
            continue
        sliced.add(path)
        message = f"{path} has slices, and nothing says how they are told apart"
        advice = f"give {path} a 'slicing' before its slices"
        bad = report(SLICING_IMPOSSIBLE, message, advice)
        found += under(bad, "differential", "element", number)
    return found
