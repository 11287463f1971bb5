"""Populations, exposures, comparators and outcomes become EvidenceVariables.

One that only names a concept is the same wherever it is named, so it is made once a topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import named, readable
from fhir_kb.compile.elements import element
from fhir_kb.compile.metadata import artifact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Evidence, Variable

_UNNAMED = "Unnamed variable"


class Role(NamedTuple):
    """A variable in its role (of http://terminology.hl7.org/CodeSystem/variable-role)."""

    code: str
    label: str
    id: str
    variable: Variable


def roles(bench: CompileContext, one: Evidence) -> Iterator[Role]:
    """The variables of an evidence, with their roles and the ids of their resources."""
    given = [("population", "Population", "population", one.population)]
    given.append(("exposure", "Exposure", "exposure", one.exposure))
    if one.comparator is not None:
        given.append(("referenceExposure", "Comparator", "comparator", one.comparator))
    many = len(one.outcome) > 1
    for number, outcome in enumerate(one.outcome, 1):
        name = f"outcome-{number}" if many else "outcome"
        given.append(("measuredVariable", "Outcome", name, outcome))
    for code, label, name, variable in given:
        if variable.concept is not None and _is_concept_alone(variable):
            yield Role(code, label, bench.part_id(str(variable.concept)), variable)
        else:
            yield Role(code, label, bench.part_id(str(one.id), name), variable)


def evidence_variables(bench: CompileContext) -> Iterator[Element]:
    """The EvidenceVariables of all evidence of the topic, each once."""
    made: set[str] = set()
    for one in bench.topic.evidence:
        for role in roles(bench, one):
            if role.id not in made:
                made.add(role.id)
                yield _evidence_variable(bench, one, role)


def title_of(bench: CompileContext, variable: Variable) -> str:
    """How a variable reads."""
    if variable.title is not None:
        return variable.title
    names = [variable.concept] if variable.concept is not None else [*variable.concepts]
    known = (bench.concepts.get(str(name)) for name in names)
    texts = [concept.text for concept in known if concept is not None]
    return texts[0] if len(texts) == 1 else " or ".join(texts) or _UNNAMED


def _evidence_variable(bench: CompileContext, one: Evidence, role: Role) -> Element:
    variable, title = role.variable, title_of(bench, role.variable)
    definition = None
    if _is_concept_alone(variable) and variable.concept is not None:
        concept = bench.concepts.get(str(variable.concept))
        definition = concept.definition if concept is not None else None
    made = artifact(
        bench,
        "EvidenceVariable",
        role.id,
        variable.span,
        title=title,
        date=one.date,
        description=variable.text or definition,
        characteristic=list(_characteristics(bench, variable)),
    )
    made["text"] = _narrative(bench, role, made)
    return made


def _characteristics(bench: CompileContext, variable: Variable) -> Iterator[Element]:
    """What has to be met: the concept, and any of the concepts, and none of the excluded ones."""
    if variable.concept is not None:
        yield from _characteristic(bench, variable.concept)
    any_of = [made for name in variable.concepts for made in _characteristic(bench, name)]
    if len(any_of) > 1:
        combined = element(variable.span, code="any-of", characteristic=any_of)
        yield element(variable.span, definitionByCombination=combined)
    else:
        yield from any_of
    for name in variable.excludes:
        yield from _characteristic(bench, name, exclude=True)
    if not (variable.concept or variable.concepts) and variable.title is not None:
        words = element(variable.span, text=variable.title)
        yield element(variable.span, definitionCodeableConcept=words)


def _characteristic(bench: CompileContext, name: Text, **more: Any) -> Iterator[Element]:
    concept = named(bench, name, name.span)
    if concept is not None:
        yield element(name.span, definitionCodeableConcept=concept, **more)


def _is_concept_alone(variable: Variable) -> bool:
    return not (variable.title or variable.text or variable.concepts or variable.excludes)


def _narrative(bench: CompileContext, role: Role, made: Element) -> Element:
    met: list[str] = []
    excluded: list[str] = []
    for one in made.get("characteristic", ()):
        inner = one.get("definitionByCombination", {}).get("characteristic", [one])
        words = " or ".join(readable(each.get("definitionCodeableConcept")) for each in inner)
        (excluded if one.get("exclude") else met).append(words)
    blocks = [
        write.heading(2, made["title"]),
        write.prose(made.get("description")),
        write.texts("Is met by", met),
        write.texts("Must not be present", excluded),
    ]
    return write.narrative(bench.language, role.variable.span, blocks)
