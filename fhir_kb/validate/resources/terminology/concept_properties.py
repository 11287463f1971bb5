"""Properties of concepts: http://hl7.org/fhir/codesystem.html#properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.terminology.concepts import CodeSystemConcepts, value_text
from fhir_kb.validate.codes import PROPERTY, PROPERTY_DOUBTFUL, SYSTEM_ADVICE
from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.service import TerminologyService

_BASE: Final = "http://hl7.org/fhir/concept-properties"
#: http://hl7.org/fhir/codesystem-concept-properties.html: code -> type.
KNOWN: Final = {
    "status": "code",
    "inactive": "boolean",
    "effectiveDate": "dateTime",
    "deprecationDate": "dateTime",
    "retirementDate": "dateTime",
    "notSelectable": "boolean",
    "parent": "code",
    "child": "code",
    "partOf": "code",
    "synonym": "code",
    "comment": "string",
    "itemWeight": "decimal",
}


class _Definition(NamedTuple):
    type: str
    #: Whether values of type code are codes of the code system itself.
    is_internal: bool


class Properties:
    """The properties that a CodeSystem defines; `found` is what is wrong with the definitions."""

    def __init__(self, value: Mapping[str, Any], terminology: TerminologyService) -> None:
        self._terminology = terminology
        self._defined: dict[str, _Definition] = {}
        self._uris: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        self._codes: CodeSystemConcepts | None = None
        self._value = value
        self.found: list[Finding] = []
        for index, one in objects(value, "property"):
            self.found += under(list(self._definition(one)), "property", index)

    def _definition(self, one: Mapping[str, Any]) -> Iterator[Finding]:
        code, uri, kind = text(one, "code"), text(one, "uri"), text(one, "type")
        if code in self._defined:
            message = f"the property {quoted(code)} has been defined before"
            yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_DUPLICATE_CODE")
        found = list(self._by_uri(code, uri, kind) if uri else _by_code(code, kind))
        base = uri.partition("#")[0]
        is_internal = base != _BASE and not any(one.message_id == _ELSEWHERE for one in found)
        if not uri:
            is_internal = code not in KNOWN
        if kind == "code" and is_internal and uri:
            message = (
                f"the codes of the property {quoted(code)} are taken for this code system's own"
            )
            found.append(
                Finding(
                    SYSTEM_ADVICE, message, message_id="CODESYSTEM_PROPERTY_CODE_DEFAULT_WARNING"
                )
            )
        self._defined.setdefault(code, _Definition(kind, is_internal))
        yield from found

    def _by_uri(self, code: str, uri: str, kind: str) -> Iterator[Finding]:
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
        if base == _BASE and name in KNOWN:
            yield from _compared(name, uri, code, kind)
            return
        yield from self._unknown(uri, base if hash_sign else "", name, kind)
        if "://hl7.org/fhir" in uri:
            message = f"{uri} is none of FHIR's properties"
            advice = "give a property of your own a uri of your own"
            yield Finding(PROPERTY, message, advice, "CODESYSTEM_PROPERTY_BAD_HL7_URI")

    def _unknown(self, uri: str, base: str, name: str, kind: str) -> Iterator[Finding]:
        if not base:
            message = f"what {uri} means is not known"
            if kind == "code":
                yield Finding(
                    PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_URI_UNKNOWN_TYPE"
                )
            else:
                yield Finding(SYSTEM_ADVICE, message, message_id="CODESYSTEM_PROPERTY_URI_UNKNOWN")
            return
        known = self._terminology.code_system(base)
        if known is None:
            message = f"the code system {base} of the property's uri is not known"
            if base != _BASE:
                yield Finding(
                    PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_URI_UNKNOWN_BASE"
                )
                return
        if known is None or not (known.has_code(name) or name in known.declared_properties):
            message = f"{base} has no property or code {quoted(name)}"
            yield Finding(PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_URI_INVALID")

    def check(self, concept: Mapping[str, Any]) -> list[Finding]:
        """What is wrong with the properties of a concept."""
        found: list[Finding] = []
        for index, one in objects(concept, "property"):
            found += under(list(self._one(one)), "property", index)
        return found

    def _one(self, one: Mapping[str, Any]) -> Iterator[Finding]:
        code, value = text(one, "code"), value_text(one)
        name = next((key[5:] for key in one if key.startswith("value")), "")
        kind = name if name == "Coding" else name[:1].lower() + name[1:]
        defined = self._defined.get(code)
        if defined is None:
            if code not in KNOWN:
                message = f"the property {quoted(code)} is not defined in this code system"
                yield Finding(
                    PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_UNDEFINED"
                )
            return
        if kind and defined.type and kind != defined.type:
            message = f"the property {quoted(code)} has the type {defined.type}, and this is {kind}"
            yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_WRONG_TYPE")
        if code == "synonym" and kind and self._is_missing(value):
            message = f"the synonym {quoted(value)} is not a code of this code system"
            yield Finding(
                PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_SYNONYM_CHECK"
            )
        elif (
            kind == "code"
            and defined.is_internal
            and (code, value) not in self._told
            and self._is_missing(value)
        ):
            self._told.add((code, value))
            message = f"{quoted(value)} is not a code of this code system"
            yield Finding(
                PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_BAD_INTERNAL_REFERENCE"
            )

    def _is_missing(self, code: str) -> bool:
        if self._codes is None:
            self._codes = CodeSystemConcepts.from_resource({**self._value, "content": "complete"})
        return not self._codes.has_code(code)


#: The code system of a property's uri is not known, so its codes may be of any.
_ELSEWHERE: Final = "CODESYSTEM_PROPERTY_URI_UNKNOWN_BASE"


def _by_code(code: str, kind: str) -> Iterator[Finding]:
    """A property without a uri."""
    if code not in KNOWN:
        message = (
            f"the property {quoted(code)} has no uri, so only this code system knows its meaning"
        )
        yield Finding(SYSTEM_ADVICE, message, message_id="CODESYSTEM_PROPERTY_UNKNOWN_CODE")
        return
    message = f"the property {quoted(code)} has the code of one of FHIR's properties, and no uri"
    advice = f"FHIR's has the uri {_BASE}#{code}"
    yield Finding(PROPERTY_DOUBTFUL, message, advice, "CODESYSTEM_PROPERTY_KNOWN_CODE_SUGGESTIVE")
    if kind and kind != KNOWN[code]:
        message = f"the property {quoted(code)} has the type {KNOWN[code]}, and this is {kind}"
        yield Finding(
            PROPERTY_DOUBTFUL, message, message_id="CODESYSTEM_PROPERTY_CODE_TYPE_MISMATCH"
        )


def _compared(name: str, uri: str, code: str, kind: str) -> Iterator[Finding]:
    """A definition of one of FHIR's properties."""
    if code != name:
        message = (
            f"the property with the uri {uri} has the code '{name}', and this is {quoted(code)}"
        )
        # The code of another of FHIR's properties misleads; one of one's own does not.
        kind_of_issue = PROPERTY if code in KNOWN else SYSTEM_ADVICE
        yield Finding(kind_of_issue, message, message_id="CODESYSTEM_PROPERTY_URI_CODE_MISMATCH")
    if kind and kind != KNOWN[name]:
        message = f"the property with the uri {uri} has the type {KNOWN[name]}, and this is {kind}"
        yield Finding(PROPERTY, message, message_id="CODESYSTEM_PROPERTY_URI_TYPE_MISMATCH")
