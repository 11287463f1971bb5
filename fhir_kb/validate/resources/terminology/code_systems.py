"""CodeSystems: http://hl7.org/fhir/codesystem.html, and further rules of the HL7 validator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    CODE_TWICE,
    DESIGNATION,
    SYSTEM_ADVICE,
    SYSTEM_CONTENT,
    SYSTEM_DOUBTFUL,
)
from fhir_kb.validate.resources.terminology.concept_properties import PropertyChecks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

_MAX_DEPTH = 100


def check_code_system(value: Mapping[str, Any], context: Context) -> Findings:
    """Check a CodeSystem."""
    terminology = context.terminology
    assert terminology is not None
    findings = [
        *_check_content(value, context),
        *_check_case_sensitivity(value),
        *_check_all_codes_value_set(value, terminology),
    ]
    properties = PropertyChecks(value, terminology)
    findings += properties.findings
    findings += _ConceptChecks(value, context, properties).check()
    return findings or None


def is_of_hl7(value: Mapping[str, Any]) -> bool:
    """Whether the resource is HL7's own, by its URL."""
    return "://hl7.org/fhir" in text(value, "url") or "terminology.hl7.org" in text(value, "url")


def _check_content(value: Mapping[str, Any], context: Context) -> Iterator[Finding]:
    content, base = text(value, "content"), text(value, "supplements")
    if content == "supplement" and not base:
        message = "this is a supplement, and supplements does not say of which code system"
        yield from under(
            [
                Finding(
                    SYSTEM_CONTENT,
                    message,
                    message_id="CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL_MISSING",
                )
            ],
            "content",
        )
        yield Finding(SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_SUPP_NO_SUPP")
    if base and content != "supplement":
        finding = Finding(
            SYSTEM_CONTENT,
            f"content is {quoted(content)}, and supplements names a code system",
            "a supplement has the content 'supplement'",
            "CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL_WRONG",
        )
        yield from under([finding], "content")
    if base and "caseSensitive" in value:
        finding = Finding(
            SYSTEM_CONTENT,
            "a supplement does not say whether case matters: its code system does",
            "leave caseSensitive out",
            "CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL",
        )
        yield from under([finding], "caseSensitive")
    yield from _check_count(value, context)


def _check_count(value: Mapping[str, Any], context: Context) -> Iterator[Finding]:
    content, count, concept_count = (
        text(value, "content"),
        value.get("count"),
        _concept_count(value),
    )
    if content == "complete" and not concept_count:
        yield Finding(
            SYSTEM_DOUBTFUL,
            "content is 'complete', and there are no concepts",
            "'not-present' or 'fragment' may be meant",
            "CODESYSTEM_CS_COMPLETE_AND_EMPTY",
        )
    if not isinstance(count, int):
        return
    if content == "complete" and count != concept_count:
        message = f"there are {concept_count} concepts, and count says {count}"
        yield from under(
            [Finding(SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_COUNT_COMPLETE_WRONG")],
            "count",
        )
    if content in ("fragment", "example") and concept_count >= count:
        message = (
            f"there are {concept_count} concepts, and count says that there are {count} in all"
        )
        yield from under(
            [Finding(SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CS_COUNT_FRAGMENT_WRONG")],
            "count",
        )
    base = (
        _find_code_system(text(value, "supplements"), context) if content == "supplement" else None
    )
    if base is not None and base.get("count", 0) != count:
        message = f"count says {count}, and that of the code system {base.get('count', 0)}"
        yield from under(
            [Finding(SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_COUNT_SUPPLEMENT_WRONG")],
            "count",
        )


def _find_code_system(canonical: str, context: Context) -> Mapping[str, Any] | None:
    if not canonical or context.canonicals is None:
        return None
    return context.canonicals.find(canonical, "CodeSystem")


def _concept_count(value: Mapping[str, Any]) -> int:
    """The number of concepts at any depth."""
    count = 0
    todo = [value]
    while todo:
        children = [concept for _, concept in objects(todo.pop(), "concept")]
        count += len(children)
        todo += children
    return count


def _check_case_sensitivity(value: Mapping[str, Any]) -> Iterator[Finding]:
    if "caseSensitive" in value or value.get("content") == "supplement" or "supplements" in value:
        return
    message = "caseSensitive does not say whether upper and lower case make a difference"
    if is_of_hl7(value):
        yield Finding(
            SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CS_HL7_MISSING_ELEMENT_SHOULD"
        )
    else:
        yield Finding(SYSTEM_ADVICE, message, message_id="CODESYSTEM_CS_NONHL7_MISSING_ELEMENT")


def _check_all_codes_value_set(
    value: Mapping[str, Any], terminology: TerminologyService
) -> Iterator[Finding]:
    """Check the value set that CodeSystem.valueSet names as that of all codes."""
    url = text(value, "valueSet")
    if not url or value.get("content") == "supplement":
        return
    if value.get("content") != "complete":
        yield Finding(
            SYSTEM_ADVICE,
            f"the code system is not complete, so {url} cannot have all of its codes",
            message_id="CODESYSTEM_CS_NO_VS_NOTCOMPLETE",
        )
        return
    value_set = terminology.value_set(url)
    compose = value_set.get("compose") if value_set is not None else None
    if not isinstance(compose, dict):
        return
    includes = [include for _, include in objects(compose, "include")]
    prefix = f"valueSet names {url} as the one with all codes, and it "
    if len(includes) != 1:
        yield Finding(
            SYSTEM_CONTENT, prefix + "has several includes", message_id="CodeSystem_CS_VS_Invalid"
        )
        return
    if includes[0].get("system") != value.get("url"):
        system = includes[0].get("system", "")
        yield Finding(
            SYSTEM_CONTENT, prefix + f"includes {system}", message_id="CodeSystem_CS_VS_WrongSystem"
        )
    elif {"valueSet", "concept", "filter"} & includes[0].keys():
        yield Finding(
            SYSTEM_CONTENT,
            prefix + "includes only some codes",
            message_id="CodeSystem_CS_VS_IncludeDetails",
        )


class _ConceptChecks:
    """Checks the concepts at any depth."""

    def __init__(
        self, value: Mapping[str, Any], context: Context, properties: PropertyChecks
    ) -> None:
        assert context.terminology is not None
        self._value = value
        self._language = text(value, "language")
        self._properties = properties
        self._codes: set[str] = set()
        self._skips_definitions = not is_of_hl7(value)
        base = text(value, "supplements")
        self._base: CodeSystemConcepts | None = None
        self._has_base = bool(base)
        if base:
            self._base = context.terminology.code_system(*_url_and_version(base))

    def check(self) -> list[Finding]:
        """All findings."""
        findings: list[Finding] = []
        if self._has_base and self._base is None and self._value.get("concept"):
            base = text(self._value, "supplements")
            message = f"codes not compared: the code system {base} is not available offline"
            findings.append(
                Finding(SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CS_SUPP_CANT_CHECK")
            )
        for index, concept in objects(self._value, "concept"):
            if self._value.get("content") == "not-present" and index == 0:
                message = "content is 'not-present', and there are concepts"
                finding = Finding(
                    SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_COUNT_NO_CONTENT_ALLOWED"
                )
                findings += under([finding], "concept", index)
            findings += under(self._check_concept(concept, 0), "concept", index)
        return findings

    def _check_concept(self, concept: Mapping[str, Any], depth: int) -> list[Finding]:
        findings: list[Finding] = []
        code = text(concept, "code")
        if code in self._codes:
            message = f"the code {quoted(code)} has been defined before"
            findings.append(Finding(CODE_TWICE, message, message_id="CODESYSTEM_DUPLICATE_CODE"))
        if code:
            self._codes.add(code)
            findings += self._check_supplemented_code(code)
        if not self._skips_definitions and "definition" not in concept:
            self._skips_definitions = True  # report it once
            message = "HL7's code systems have a definition for every concept"
            findings.append(
                Finding(SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CONCEPT_NO_DEFINITION")
            )
        findings += self._check_designations(concept)
        findings += self._properties.check(concept)
        if depth < _MAX_DEPTH:
            for index, child in objects(concept, "concept"):
                findings += under(self._check_concept(child, depth + 1), "concept", index)
        return findings

    def _check_supplemented_code(self, code: str) -> Iterator[Finding]:
        if self._base is not None and self._base.has_code(code) is False:
            yield Finding(
                SYSTEM_CONTENT,
                f"{quoted(code)} is not a code of {self._base.url}, so it cannot be supplemented",
                message_id="CODESYSTEM_CS_SUPP_INVALID_CODE",
            )

    def _check_designations(self, concept: Mapping[str, Any]) -> list[Finding]:
        findings: list[Finding] = []
        display = text(concept, "display")
        for index, designation in objects(concept, "designation"):
            name, language = text(designation, "value"), text(designation, "language")
            if "use" in designation or not display or name == display:
                continue
            if language and language != self._language:
                continue
            suffix = "LANG" if language else "NO_LANG"
            finding = Finding(
                DESIGNATION,
                f"the designation {quoted(name)} has neither a 'use' nor a language of its own",
                message_id=f"CODESYSTEM_DESIGNATION_DISP_CLASH_{suffix}",
            )
            findings += under([finding], "designation", index)
        return findings


def _url_and_version(canonical: str) -> tuple[str, str]:
    url, _, version = canonical.partition("|")
    return url, version
