"""Definitions of extensions: http://hl7.org/fhir/defining-extensions.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.extension_contexts import INTERFACES, VERSION_SPECIFIC_USE
from fhir_kb.validate.finding_codes import DEFINITION_WARNING, EXTENSION_DEFINITION
from fhir_kb.validate.invariants.static_check import static_error

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
    """Whether an extension's definition fixes Extension.url to its own URL."""
    url = text(value, "url")
    if value.get("type") != "Extension" or value.get("baseDefinition") != _EXTENSION or not url:
        return []
    for _, element in objects(value.get("differential"), "element"):
        if element.get("path") == "Extension.url":
            fixed = next((element[key] for key in element if key.startswith("fixed")), None)
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
    """Check the contexts of an extension; other definitions may have none."""
    findings: list[Finding] = []
    is_extension = value.get("type") == "Extension"
    if is_extension:
        for number, context in objects(value, "context"):
            findings += under(_check_context(context, definitions), "context", number)
        return findings
    for name, message_id in (
        ("context", "SD_NO_CONTEXT_WHEN_NOT_EXTENSION"),
        ("contextInvariant", "SD_NO_CONTEXT_INV_WHEN_NOT_EXTENSION"),
    ):
        listed = value.get(name)
        if not isinstance(listed, list) or (name == "context" and _has_json_name(value)):
            continue
        for number in range(len(listed)):
            context_findings = report(
                EXTENSION_DEFINITION, "only extensions have contexts", None, message_id
            )
            findings += under(context_findings, name, number)
    return findings


def _has_json_name(value: Mapping[str, Any]) -> bool:
    """Whether it is an element of a new type that can also be used as an extension."""
    for name in ("snapshot", "differential"):
        for _, element in objects(value.get(name), "element"):
            return any(
                extension.get("url") in _JSON_NAMES
                for _, extension in objects(element, "extension")
            )
    return False


def _check_context(context: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    expression = text(context, "expression")
    if context.get("type") == "fhirpath" and _is_element(expression, definitions):
        message = f"'{expression}' is just an element, so the type of the context is 'element'"
        return report(DEFINITION_WARNING, message, None, "SD_CONTEXT_SHOULD_NOT_BE_FHIRPATH")
    if context.get("type") != "element":
        return []
    if not _element_exists(expression, context, definitions):
        message = f"FHIR has no element {expression}"
        return report(EXTENSION_DEFINITION, message, None, "SD_CONTEXT_SHOULD_ELEMENT_NOT_FOUND")
    if expression == "Element":
        message = "the extension may be on any element; is that meant?"
        return report(DEFINITION_WARNING, message, None, "SD_CONTEXT_SHOULD_NOT_BE_ELEMENT")
    return []


def _element_exists(expression: str, context: Mapping[str, Any], definitions: Definitions) -> bool:
    """Whether the release has the element; one of a profile or another release counts as well."""
    if not expression or any(character in expression for character in ":#/|"):
        return True
    if any(
        extension.get("url") == VERSION_SPECIFIC_USE
        for _, extension in objects(context, "extension")
    ):
        return True
    name, _, rest = expression.partition(".")
    if not rest:
        return name in definitions or name in INTERFACES
    if name not in definitions:
        return name in INTERFACES
    path = name
    steps = rest.split(".")
    for number, step in enumerate(steps):
        path = _child_type(path, step, definitions) or ""
        if not path:
            return False
        if path in definitions.abstract_types or (step.endswith("[x]") and number + 1 < len(steps)):
            return True
    return True


def _child_type(type_path: str, step: str, definitions: Definitions) -> str | None:
    """The type path of an element, or of one of its types; None if there is no such element."""
    if step == "value" and type_path in definitions.primitive_types:
        return "Element"
    plain = step.removesuffix("[x]")
    for slot in definitions.properties(type_path).values():
        element = slot.element
        if element is not None and element.name == plain and (element.choice or plain == step):
            return slot.type_path
    return None


def check_invariants(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Check the invariants on the contexts of an extension."""
    listed = value.get("contextInvariant")
    if value.get("type") != "Extension" or not isinstance(listed, list):
        return []
    contexts = [
        text(context, "expression")
        for _, context in objects(value, "context")
        if context.get("type") == "element"
    ]
    findings: list[Finding] = []
    for number, expression in enumerate(listed if contexts else ()):
        if not isinstance(expression, str) or not expression:
            continue
        if (error := _error_in_all_contexts(expression, contexts, definitions)) is not None:
            message = f"it cannot be evaluated where the extension may be: {error}"
            expression_findings = report(
                EXTENSION_DEFINITION, message, None, "ED_CONTEXT_INVARIANT_EXPRESSION_ERROR"
            )
            findings += under(expression_findings, "contextInvariant", number)
    return findings


def _error_in_all_contexts(
    expression: str, contexts: list[str], definitions: Definitions
) -> FHIRPathError | None:
    """Why an expression cannot be evaluated in any of the contexts."""
    error: FHIRPathError | None = None
    for context in contexts:
        start = context if context in definitions else ""
        error = static_error(expression, definitions, start)
        if error is None:
            return None
    return error


def _is_element(expression: str, definitions: Definitions) -> bool:
    if "." not in expression:
        return expression in definitions
    return (
        expression.partition(".")[0] in definitions and definitions.element(expression) is not None
    )
