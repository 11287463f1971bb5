"""Value sets of one's own become ValueSets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import named_concept
from fhir_kb.compile.elements import element
from fhir_kb.compile.markdown import escape
from fhir_kb.compile.metadata import artifact_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.concept import CodeDefinition, Include, ValueSet

DEFINITION: Final = "http://hl7.org/fhir/StructureDefinition/valueset-concept-definition"


def compile_value_set(context: CompileContext, value_set: ValueSet) -> Element:
    """The ValueSet of what is included and excluded."""
    include = [include for part in value_set.include for include in _include(context, part)]
    exclude = [include for part in value_set.exclude for include in _include(context, part)]
    resource = artifact_resource(
        context,
        "ValueSet",
        context.part_id(value_set.id),
        value_set.span,
        title=value_set.title,
        description=value_set.text or value_set.title,
        compose=element(value_set.span, include=include, exclude=exclude) if include else None,
    )
    words = _concept_words(context, value_set)
    blocks = [
        write.heading(2, value_set.title),
        write.prose(value_set.text),
        _listed("Includes", include, words),
        _listed("Excludes", exclude, words),
    ]
    resource["text"] = write.narrative(context.language, value_set.span, blocks)
    return resource


def _include(context: CompileContext, part: Include) -> Iterator[Element]:
    """A part as FHIR has it: one for each code system of a concept, one for the rest."""
    value_sets = [url for url in (context.value_set(name) for name in part.value_sets) if url]
    includes = (
        list(_of_concept(context, part.concept, value_sets)) if part.concept is not None else []
    )
    if part.system is not None:
        system = context.code_system(part.system)
        if system is not None:
            includes.append(_of_system(part, system, value_sets))
    elif part.codes or part.filter:
        context.report("KB354", "these codes have no code system", part.span, "name it: 'system'")
    elif not includes and value_sets:
        includes.append(element(part.span, valueSet=value_sets))
    if not includes:
        context.report("KB354", "no codes can be taken from here", part.span, "name a system")
    yield from includes


def _of_concept(context: CompileContext, name: Text, value_sets: list[str]) -> Iterator[Element]:
    concept = named_concept(context, name, name.span)
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
        element(condition.span, property=condition.property, op=condition.op, value=condition.value)
        for condition in part.filter
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


def _concept_words(context: CompileContext, value_set: ValueSet) -> dict[tuple[str, str], str]:
    """What the concepts that it names are called, by code system and code."""
    words = {}
    for part in (*value_set.include, *value_set.exclude):
        name = part.concept
        concept = named_concept(context, name, name.span) if name is not None else None
        if concept is None:
            continue
        for coding in concept.get("coding", ()):
            words[coding["system"], coding["code"]] = str(concept.get("text", ""))
    return words


def _listed(label: str, parts: list[Element], words: Mapping[tuple[str, str], str]) -> str:
    """The parts under their label; codes under one head where only their code system is said."""
    heads: dict[str, list[str]] = {}
    for part in parts:
        heads.setdefault(_head(part), []).extend(_codes(part, words))
    items = (f"{escape(head)}{write.bullets(codes)}" for head, codes in heads.items())
    return f"<p><b>{label}:</b></p>{write.bullets(items)}" if parts else ""


def _head(part: dict[str, Any]) -> str:
    system = part.get("system")
    conditions = [
        f"{condition['property']} {condition['op']} {condition['value']}"
        for condition in part.get("filter", ())
    ]
    version = f" version {part['version']}" if "version" in part else ""
    where = [f"of {system}{version}"] if system else []
    where += [f"with {' and '.join(conditions)}"] if conditions else []
    where += [f"in {url}" for url in part.get("valueSet", ())]
    return f"{'Codes' if 'concept' in part else 'All codes'} {', '.join(where)}"


def _codes(part: dict[str, Any], words: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for concept in part.get("concept", ()):
        code = concept["code"]
        display = concept.get("display") or words.get((part.get("system", ""), code), "")
        readable = f" {escape(display)}" if display else ""
        yield f"<code>{escape(code)}</code>{readable}{_definition(concept)}"


def _definition(concept: dict[str, Any]) -> str:
    definitions = [
        ext["valueString"] for ext in concept.get("extension", ()) if ext["url"] == DEFINITION
    ]
    return escape(f": {definitions[0]}") if definitions else ""
