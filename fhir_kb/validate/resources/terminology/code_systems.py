"""CodeSystems: http://hl7.org/fhir/codesystem.html, and what the HL7 validator asks beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.codes import (
    CODE_TWICE,
    DESIGNATION,
    SYSTEM_ADVICE,
    SYSTEM_CONTENT,
    SYSTEM_DOUBTFUL,
)
from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.resources.terminology.concept_properties import Properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

_MAX_DEPTH = 100


def check_system(value: Mapping[str, Any], context: Context) -> Findings:
    """The check of a CodeSystem."""
    terminology = context.terminology
    assert terminology is not None
    found = [*_content(value, context), *_advice(value), *_all_codes(value, terminology)]
    properties = Properties(value, terminology)
    found += properties.found
    found += _Concepts(value, context, properties).check()
    return found or None


def is_of_hl7(value: Mapping[str, Any]) -> bool:
    """Whether the resource is HL7's own, by its url."""
    return "://hl7.org/fhir" in text(value, "url") or "terminology.hl7.org" in text(value, "url")


def _content(value: Mapping[str, Any], context: Context) -> Iterator[Finding]:
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
        one = Finding(
            SYSTEM_CONTENT,
            f"content is {quoted(content)}, and supplements names a code system",
            "a supplement has the content 'supplement'",
            "CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL_WRONG",
        )
        yield from under([one], "content")
    if base and "caseSensitive" in value:
        one = Finding(
            SYSTEM_CONTENT,
            "a supplement does not say whether case matters: its code system does",
            "leave caseSensitive out",
            "CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL",
        )
        yield from under([one], "caseSensitive")
    yield from _count(value, context)


def _count(value: Mapping[str, Any], context: Context) -> Iterator[Finding]:
    content, count, number = text(value, "content"), value.get("count"), _number(value)
    if content == "complete" and not number:
        yield Finding(
            SYSTEM_DOUBTFUL,
            "content is 'complete', and there are no concepts",
            "'not-present' or 'fragment' may be meant",
            "CODESYSTEM_CS_COMPLETE_AND_EMPTY",
        )
    if not isinstance(count, int):
        return
    if content == "complete" and count != number:
        message = f"there are {number} concepts, and count says {count}"
        yield from under(
            [Finding(SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_COUNT_COMPLETE_WRONG")],
            "count",
        )
    if content in ("fragment", "example") and number >= count:
        message = f"there are {number} concepts, and count says that there are {count} in all"
        yield from under(
            [Finding(SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CS_COUNT_FRAGMENT_WRONG")],
            "count",
        )
    base = _given(text(value, "supplements"), context) if content == "supplement" else None
    if base is not None and base.get("count", 0) != count:
        message = f"count says {count}, and that of the code system {base.get('count', 0)}"
        yield from under(
            [Finding(SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_COUNT_SUPPLEMENT_WRONG")],
            "count",
        )


def _given(canonical: str, context: Context) -> Mapping[str, Any] | None:
    if not canonical or context.canonicals is None:
        return None
    return context.canonicals.find(canonical, "CodeSystem")


def _number(value: Mapping[str, Any]) -> int:
    """How many concepts there are, at any depth."""
    number = 0
    todo = [value]
    while todo:
        inner = [one for _, one in objects(todo.pop(), "concept")]
        number += len(inner)
        todo += inner
    return number


def _advice(value: Mapping[str, Any]) -> Iterator[Finding]:
    if "caseSensitive" in value or value.get("content") == "supplement" or "supplements" in value:
        return
    message = "caseSensitive does not say whether upper and lower case make a difference"
    if is_of_hl7(value):
        yield Finding(
            SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CS_HL7_MISSING_ELEMENT_SHOULD"
        )
    else:
        yield Finding(SYSTEM_ADVICE, message, message_id="CODESYSTEM_CS_NONHL7_MISSING_ELEMENT")


def _all_codes(value: Mapping[str, Any], terminology: TerminologyService) -> Iterator[Finding]:
    """What is wrong with the value set that is said to have all codes."""
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
    known = terminology.value_set(url)
    compose = known.get("compose") if known is not None else None
    if not isinstance(compose, dict):
        return
    includes = [one for _, one in objects(compose, "include")]
    start = f"valueSet names {url} as the one with all codes, and it "
    if len(includes) != 1:
        yield Finding(
            SYSTEM_CONTENT, start + "has several includes", message_id="CodeSystem_CS_VS_Invalid"
        )
        return
    if includes[0].get("system") != value.get("url"):
        system = includes[0].get("system", "")
        yield Finding(
            SYSTEM_CONTENT, start + f"includes {system}", message_id="CodeSystem_CS_VS_WrongSystem"
        )
    elif {"valueSet", "concept", "filter"} & includes[0].keys():
        yield Finding(
            SYSTEM_CONTENT,
            start + "includes only some codes",
            message_id="CodeSystem_CS_VS_IncludeDetails",
        )


class _Concepts:
    """The check of the concepts, at any depth."""

    def __init__(self, value: Mapping[str, Any], context: Context, properties: Properties) -> None:
        assert context.terminology is not None
        self._value = value
        self._language = text(value, "language")
        self._properties = properties
        self._seen: set[str] = set()
        self._is_bare = not is_of_hl7(value)
        base = text(value, "supplements")
        self._base: CodeSystemConcepts | None = None
        self._has_base = bool(base)
        if base:
            self._base = context.terminology.code_system(*_parted(base))

    def check(self) -> list[Finding]:
        """All findings."""
        found: list[Finding] = []
        if self._has_base and self._base is None and self._value.get("concept"):
            base = text(self._value, "supplements")
            message = f"the code system {base} is not known, so its codes cannot be compared"
            found.append(
                Finding(SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CS_SUPP_CANT_CHECK")
            )
        for index, concept in objects(self._value, "concept"):
            if self._value.get("content") == "not-present" and index == 0:
                message = "content is 'not-present', and there are concepts"
                one = Finding(
                    SYSTEM_CONTENT, message, message_id="CODESYSTEM_CS_COUNT_NO_CONTENT_ALLOWED"
                )
                found += under([one], "concept", index)
            found += under(self._concept(concept, 0), "concept", index)
        return found

    def _concept(self, concept: Mapping[str, Any], depth: int) -> list[Finding]:
        found: list[Finding] = []
        code = text(concept, "code")
        if code in self._seen:
            message = f"the code {quoted(code)} has been defined before"
            found.append(Finding(CODE_TWICE, message, message_id="CODESYSTEM_DUPLICATE_CODE"))
        if code:
            self._seen.add(code)
            found += self._in_base(code)
        if not self._is_bare and "definition" not in concept:
            self._is_bare = True  # once is enough
            message = "HL7's code systems have a definition for every concept"
            found.append(
                Finding(SYSTEM_DOUBTFUL, message, message_id="CODESYSTEM_CONCEPT_NO_DEFINITION")
            )
        found += self._designations(concept)
        found += self._properties.check(concept)
        if depth < _MAX_DEPTH:
            for index, inner in objects(concept, "concept"):
                found += under(self._concept(inner, depth + 1), "concept", index)
        return found

    def _in_base(self, code: str) -> Iterator[Finding]:
        if self._base is not None and self._base.has_code(code) is False:
            yield Finding(
                SYSTEM_CONTENT,
                f"{quoted(code)} is not a code of {self._base.url}, so it cannot be supplemented",
                message_id="CODESYSTEM_CS_SUPP_INVALID_CODE",
            )

    def _designations(self, concept: Mapping[str, Any]) -> list[Finding]:
        found: list[Finding] = []
        display = text(concept, "display")
        for index, one in objects(concept, "designation"):
            name, language = text(one, "value"), text(one, "language")
            if "use" in one or not display or name == display:
                continue
            if language and language != self._language:
                continue
            suffix = "LANG" if language else "NO_LANG"
            clash = Finding(
                DESIGNATION,
                f"{quoted(name)} is told apart from the display {quoted(display)} by nothing",
                message_id=f"CODESYSTEM_DESIGNATION_DISP_CLASH_{suffix}",
            )
            found += under([clash], "designation", index)
        return found


def _parted(canonical: str) -> tuple[str, str]:
    url, _, version = canonical.partition("|")
    return url, version
