"""Properties of concepts: http://hl7.org/fhir/codesystem.html#properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.terminology.concepts import STANDARD_PROPERTIES, CodeSystemConcepts, value_text
from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    DEFINITION_NOT_AVAILABLE,
    PROPERTY,
    PROPERTY_DOUBTFUL,
    SYSTEM_ADVICE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.service import TerminologyService

_BASE: Final = "http://hl7.org/fhir/concept-properties"


class _Definition(NamedTuple):
    type: str
    is_internal: bool
    """Whether values of type code are codes of the code system itself."""


class PropertyChecks:
    """Checks the properties that a CodeSystem defines and its concepts have."""

    def __init__(self, value: Mapping[str, Any], terminology: TerminologyService) -> None:
        self._terminology = terminology
        self._defined: dict[str, _Definition] = {}
        self._uris: set[str] = set()
        self._reported: set[tuple[str, str]] = set()
        self._own_concepts: CodeSystemConcepts | None = None
        self._value = value
        self.findings: list[Finding] = []
        """What is wrong with the definitions."""
        for index, property_ in objects(value, "property"):
            self.findings += under(list(self._check_definition(property_)), "property", index)

    def _check_definition(self, property_: Mapping[str, Any]) -> Iterator[Finding]:
        code, uri, type_name = (
            text(property_, "code"),
            text(property_, "uri"),
            text(property_, "type"),
        )
        if code in self._defined:
            message = f"the property {quoted(code)} has been defined before"
            yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_DUPLICATE_CODE")
        findings = list(
            self._check_uri(code, uri, type_name) if uri else _check_without_uri(code, type_name)
        )
        base = uri.partition("#")[0]
        is_internal = base != _BASE and not any(
            property_.message_id == _UNKNOWN_BASE for property_ in findings
        )
        if not uri:
            is_internal = code not in STANDARD_PROPERTIES
        if type_name == "code" and is_internal and uri:
            message = (
                f"the codes of the property {quoted(code)} are taken for this code system's own"
            )
            findings.append(
                Finding(
                    SYSTEM_ADVICE, message, message_id="CODESYSTEM_PROPERTY_CODE_DEFAULT_WARNING"
                )
            )
        self._defined.setdefault(code, _Definition(type_name, is_internal))
        yield from findings

    def _check_uri(self, code: str, uri: str, type_name: str) -> Iterator[Finding]:
        if ":" not in uri:
            message = f"the uri {quoted(uri)} is not absolute"
            yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_ABSOLUTE_URI")
            return
        if uri in self._uris:
            message = f"there is another property with the uri {uri}"
            yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_DUPLICATE_URI")
            return
        self._uris.add(uri)
        base, hash_sign, name = uri.partition("#")
        if base == _BASE and name in STANDARD_PROPERTIES:
            yield from _compare_to_standard(name, uri, code, type_name)
            return
        yield from self._check_unknown_uri(uri, base if hash_sign else "", name, type_name)
        if "://hl7.org/fhir" in uri:
            message = f"{uri} is none of FHIR's properties"
            advice = "give a property of your own a uri of your own"
            yield Finding(PROPERTY, message, advice, "CODESYSTEM_PROPERTY_BAD_HL7_URI")

    def _check_unknown_uri(
        self, uri: str, base: str, name: str, type_name: str
    ) -> Iterator[Finding]:
        if not base:
            message = f"the meaning of the uri {uri} is unknown"
            if type_name == "code":
                yield Finding(
                    PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_URI_UNKNOWN_TYPE"
                )
            else:
                yield Finding(SYSTEM_ADVICE, message, message_id="CODESYSTEM_PROPERTY_URI_UNKNOWN")
            return
        concepts = self._terminology.code_system(base)
        if concepts is None:
            message = f"not checked: the code system {base} of the property's uri is not available"
            if base != _BASE:
                yield Finding(
                    DEFINITION_NOT_AVAILABLE,
                    message,
                    message_id="CODESYSTEM_PROPERTY_URI_UNKNOWN_BASE",
                )
                return
        if concepts is None or not (
            concepts.has_code(name) or name in concepts.declared_properties
        ):
            message = f"{base} has no property or code {quoted(name)}"
            yield Finding(PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_URI_INVALID")

    def check(self, concept: Mapping[str, Any]) -> list[Finding]:
        """What is wrong with the properties of a concept."""
        findings: list[Finding] = []
        for index, property_ in objects(concept, "property"):
            findings += under(list(self._check_value(property_)), "property", index)
        return findings

    def _check_value(self, property_: Mapping[str, Any]) -> Iterator[Finding]:
        code, value = text(property_, "code"), value_text(property_)
        name = next((key[5:] for key in property_ if key.startswith("value")), "")
        value_type = name if name == "Coding" else name[:1].lower() + name[1:]
        definition = self._defined.get(code)
        if definition is None:
            if code not in STANDARD_PROPERTIES:
                message = f"the property {quoted(code)} is not defined in this code system"
                yield Finding(
                    PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_UNDEFINED"
                )
            return
        if value_type and definition.type and value_type != definition.type:
            message = (
                f"the property {quoted(code)} has the type {definition.type}, "
                f"and this is {value_type}"
            )
            yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_WRONG_TYPE")
        if code == "synonym" and value_type and self._is_missing(value):
            message = f"the synonym {quoted(value)} is not a code of this code system"
            yield Finding(
                PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_SYNONYM_CHECK"
            )
        elif (
            value_type == "code"
            and definition.is_internal
            and (code, value) not in self._reported
            and self._is_missing(value)
        ):
            self._reported.add((code, value))
            message = f"{quoted(value)} is not a code of this code system"
            yield Finding(
                PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_BAD_INTERNAL_REFERENCE"
            )

    def _is_missing(self, code: str) -> bool:
        if self._own_concepts is None:
            self._own_concepts = CodeSystemConcepts.from_resource(
                {**self._value, "content": "complete"}
            )
        return not self._own_concepts.has_code(code)


#: The code system of a property's uri is not available, so its codes may be of any system.
_UNKNOWN_BASE: Final = "CODESYSTEM_PROPERTY_URI_UNKNOWN_BASE"


def _check_without_uri(code: str, type_name: str) -> Iterator[Finding]:
    """A property without a uri."""
    if code not in STANDARD_PROPERTIES:
        message = (
            f"the property {quoted(code)} has no uri, so only this code system knows its meaning"
        )
        yield Finding(SYSTEM_ADVICE, message, message_id="CODESYSTEM_PROPERTY_UNKNOWN_CODE")
        return
    message = f"the property {quoted(code)} has the code of one of FHIR's properties, and no uri"
    advice = f"FHIR's has the uri {_BASE}#{code}"
    yield Finding(PROPERTY_DOUBTFUL, message, advice, "CODESYSTEM_PROPERTY_KNOWN_CODE_SUGGESTIVE")
    standard = STANDARD_PROPERTIES[code]
    if type_name and type_name != standard:
        message = f"the property {quoted(code)} has the type {standard}, and this is {type_name}"
        yield Finding(
            PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_CODE_TYPE_MISMATCH"
        )


def _compare_to_standard(name: str, uri: str, code: str, type_name: str) -> Iterator[Finding]:
    """A definition of one of FHIR's properties."""
    if code != name:
        message = (
            f"the property with the uri {uri} has the code '{name}', and this is {quoted(code)}"
        )
        # The code of another of FHIR's properties misleads; one of one's own does not.
        finding_code = PROPERTY if code in STANDARD_PROPERTIES else SYSTEM_ADVICE
        yield Finding(finding_code, message, message_id="CODESYSTEM_PROPERTY_URI_CODE_MISMATCH")
    standard = STANDARD_PROPERTIES[name]
    if type_name and type_name != standard:
        message = (
            f"the property with the uri {uri} has the type {standard}, and this is {type_name}"
        )
        yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_URI_TYPE_MISMATCH")
