"""Value sets of one's own become ValueSets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import named
from fhir_kb.compile.elements import element
from fhir_kb.compile.markdown import escape
from fhir_kb.compile.metadata import artifact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.concept import CodeDefinition, Include, ValueSet

DEFINITION: Final = "http://hl7.org/fhir/StructureDefinition/valueset-concept-definition"


def value_set(bench: CompileContext, one: ValueSet) -> Element:
    """The ValueSet of what is included and excluded."""
    include = [made for part in one.include for made in _include(bench, part)]
    exclude = [made for part in one.exclude for made in _include(bench, part)]
    made = artifact(
        bench,
        "ValueSet",
        bench.part_id(one.id),
        one.span,
        title=one.title,
        description=one.text or one.title,
        compose=element(one.span, include=include, exclude=exclude) if include else None,
    )
    blocks = [
        write.heading(2, one.title),
        write.prose(one.text),
        _listed("Includes", include),
        _listed("Excludes", exclude),
    ]
    made["text"] = write.narrative(bench.language, one.span, blocks)
    return made


def _include(bench: CompileContext, part: Include) -> Iterator[Element]:
    """A part as FHIR has it: one for each code system of a concept, one for the rest."""
    value_sets = [url for url in (bench.value_set(name) for name in part.value_sets) if url]
    found = list(_of_concept(bench, part.concept, value_sets)) if part.concept is not None else []
    if part.system is not None:
        system = bench.code_system(part.system)
        if system is not None:
            found.append(_of_system(part, system, value_sets))
    elif part.codes or part.filter:
        bench.say("KB354", "these codes have no code system", part.span, "name it: 'system'")
    elif not found and value_sets:
        found.append(element(part.span, valueSet=value_sets))
    if not found:
        bench.say("KB354", "no codes can be taken from here", part.span, "name a system")
    yield from found


def _of_concept(bench: CompileContext, name: Text, value_sets: list[str]) -> Iterator[Element]:
    concept = named(bench, name, name.span)
    codings = concept.get("coding", ()) if concept else ()
    for system in dict.fromkeys(coding["system"] for coding in codings):
        codes = [
            element(name.span, code=coding["code"], display=coding.get("display"))
            for coding in codings
            if coding["system"] == system
        ]
        yield element(name.span, system=system, concept=codes, valueSet=value_sets)


def _of_system(part: Include, system: str, value_sets: list[str]) -> Element:
    filters = [
        element(one.span, property=one.property, op=one.op, value=one.value) for one in part.filter
    ]
    return element(
        part.span,
        system=system,
        version=part.version,
        concept=list(_concepts(part.codes)),
        filter=filters,
        valueSet=value_sets,
    )


def _concepts(codes: Iterable[CodeDefinition]) -> Iterator[Element]:
    """The codes, one after the other: a value set has no levels."""
    for code in codes:
        definition = None
        if code.definition is not None:
            definition = element(code.span, url=DEFINITION, valueString=code.definition)
        yield element(code.span, extension=[definition], code=code.code, display=code.display)
        yield from _concepts(code.codes)


def _listed(label: str, parts: list[Element]) -> str:
    if not parts:
        return ""
    return f"<p><b>{label}:</b></p>{write.bullets(map(_words, parts))}"


def _words(part: dict[str, Any]) -> str:
    system = part.get("system")
    codes = [
        f"<code>{escape(one['code'])}</code> {escape(one.get('display', ''))}{_definition(one)}"
        for one in part.get("concept", ())
    ]
    conditions = [f"{one['property']} {one['op']} {one['value']}" for one in part.get("filter", ())]
    version = f" version {part['version']}" if "version" in part else ""
    where = [f"of {system}{version}"] if system else []
    where += [f"with {' and '.join(conditions)}"] if conditions else []
    where += [f"in {url}" for url in part.get("valueSet", ())]
    head = "Codes" if codes else "All codes"
    return f"{head} {escape(', '.join(where))}{write.bullets(codes)}"


def _definition(one: dict[str, Any]) -> str:
    found = [ext["valueString"] for ext in one.get("extension", ()) if ext["url"] == DEFINITION]
    return escape(f": {found[0]}") if found else ""
