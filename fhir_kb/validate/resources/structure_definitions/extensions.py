"""Definitions of extensions: http://hl7.org/fhir/defining-extensions.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import DEFINITION_WARNING, EXTENSION_DEFINITION
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.extension_contexts import INTERFACES, VERSION_SPECIFIC_USE
from fhir_kb.validate.invariants.evaluable import cannot_be

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import FHIRPathError
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding

_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/Extension"
_JSON_NAMES: Final = (
    "http://hl7.org/fhir/tools/StructureDefinition/elementdefinition-json-name",
    "http://hl7.org/fhir/tools/StructureDefinition/json-name",
)


def check_url(value: Mapping[str, Any]) -> list[Finding]:
    """Whether an extension's definition fixes the url that its data has."""
    url = text(value, "url")
    if value.get("type") != "Extension" or value.get("baseDefinition") != _EXTENSION or not url:
        return []
    for _, element in objects(value.get("differential"), "element"):
        if element.get("path") == "Extension.url":
            fixed = next((element[one] for one in element if one.startswith("fixed")), None)
            break
    else:
        fixed = None
    advice = f"write: path Extension.url, fixedUri {url}"
    if fixed is None:
        return report(EXTENSION_DEFINITION, "Extension.url is not fixed to the extension's", advice)
    if fixed != url:
        message = f"Extension.url is fixed to '{fixed}', and the extension's url is '{url}'"
        return report(EXTENSION_DEFINITION, message, advice, "SD_EXTENSION_URL_MISMATCH")
    return []


def check_contexts(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """What is wrong with where an extension may be."""
    found: list[Finding] = []
    is_extension = value.get("type") == "Extension"
    if is_extension:
        for number, one in objects(value, "context"):
            found += under(_context(one, definitions), "context", number)
        return found
    for name, id_ in (
        ("context", "SD_NO_CONTEXT_WHEN_NOT_EXTENSION"),
        ("contextInvariant", "SD_NO_CONTEXT_INV_WHEN_NOT_EXTENSION"),
    ):
        listed = value.get(name)
        if not isinstance(listed, list) or (name == "context" and _has_json_name(value)):
            continue
        for number in range(len(listed)):
            bad = report(EXTENSION_DEFINITION, "only extensions have contexts", None, id_)
            found += under(bad, name, number)
    return found


def _has_json_name(value: Mapping[str, Any]) -> bool:
    """Whether it is a part of a new type that can be used as an extension, too."""
    for name in ("snapshot", "differential"):
        for _, element in objects(value.get(name), "element"):
            return any(one.get("url") in _JSON_NAMES for _, one in objects(element, "extension"))
    return False


def _context(one: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    written = text(one, "expression")
    if one.get("type") == "fhirpath" and _is_element(written, definitions):
        message = f"'{written}' is just an element, so the type of the context is 'element'"
        return report(DEFINITION_WARNING, message, None, "SD_CONTEXT_SHOULD_NOT_BE_FHIRPATH")
    if one.get("type") != "element":
        return []
    if not _is_there(written, one, definitions):
        message = f"FHIR has no element {written}"
        return report(EXTENSION_DEFINITION, message, None, "SD_CONTEXT_SHOULD_ELEMENT_NOT_FOUND")
    if written == "Element":
        message = "the extension may be on any element; is that meant?"
        return report(DEFINITION_WARNING, message, None, "SD_CONTEXT_SHOULD_NOT_BE_ELEMENT")
    return []


def _is_there(written: str, one: Mapping[str, Any], definitions: Definitions) -> bool:
    """Whether a release has the element; what is of a profile, or of another release, may be."""
    if not written or any(sign in written for sign in ":#/|"):
        return True
    if any(
        extension.get("url") == VERSION_SPECIFIC_USE for _, extension in objects(one, "extension")
    ):
        return True
    name, _, rest = written.partition(".")
    if not rest:
        return name in definitions or name in INTERFACES
    if name not in definitions:
        return name in INTERFACES
    path = name
    steps = rest.split(".")
    for number, step in enumerate(steps):
        path = _below(path, step, definitions) or ""
        if not path:
            return False
        if path in definitions.abstract_types or (step.endswith("[x]") and number + 1 < len(steps)):
            return True
    return True


def _below(type_path: str, step: str, definitions: Definitions) -> str | None:
    """The type path of an element, or of one of its types; None where there is no such element."""
    if step == "value" and type_path in definitions.primitive_types:
        return "Element"
    plain = step.removesuffix("[x]")
    for one in definitions.properties(type_path).values():
        element = one.element
        if element is not None and element.name == plain and (element.choice or plain == step):
            return one.type_path
    return None


def check_invariants(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """What is wrong with the rules that hold where an extension is."""
    listed = value.get("contextInvariant")
    if value.get("type") != "Extension" or not isinstance(listed, list):
        return []
    contexts = [
        text(one, "expression")
        for _, one in objects(value, "context")
        if one.get("type") == "element"
    ]
    found: list[Finding] = []
    for number, written in enumerate(listed if contexts else ()):
        if not isinstance(written, str) or not written:
            continue
        if (wrong := _nowhere(written, contexts, definitions)) is not None:
            message = f"it cannot be evaluated where the extension may be: {wrong}"
            bad = report(
                EXTENSION_DEFINITION, message, None, "ED_CONTEXT_INVARIANT_EXPRESSION_ERROR"
            )
            found += under(bad, "contextInvariant", number)
    return found


def _nowhere(written: str, contexts: list[str], definitions: Definitions) -> FHIRPathError | None:
    """Why an expression cannot be evaluated in any of the contexts."""
    wrong: FHIRPathError | None = None
    for one in contexts:
        start = one if one in definitions else ""
        wrong = cannot_be(written, definitions, start)
        if wrong is None:
            return None
    return wrong


def _is_element(written: str, definitions: Definitions) -> bool:
    if "." not in written:
        return written in definitions
    return written.partition(".")[0] in definitions and definitions.element(written) is not None
