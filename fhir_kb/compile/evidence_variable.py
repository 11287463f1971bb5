"""Populations, exposures, comparators and outcomes become EvidenceVariables.

One that only names a concept is the same wherever it is named, so it is made once a topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import named_concept, readable_text
from fhir_kb.compile.elements import element
from fhir_kb.compile.metadata import artifact_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Evidence, Variable

_UNNAMED = "Unnamed variable"


class VariableRole(NamedTuple):
    """A variable in its role (of http://terminology.hl7.org/CodeSystem/variable-role)."""

    code: str
    """The code of the role."""

    label: str
    """How people call the role."""

    id: str
    """The id of the variable's resource."""

    variable: Variable
    """The variable."""


def variable_roles(context: CompileContext, evidence: Evidence) -> Iterator[VariableRole]:
    """The variables of an evidence, with their roles and the ids of their resources."""
    variables = [("population", "Population", "population", evidence.population)]
    variables.append(("exposure", "Exposure", "exposure", evidence.exposure))
    if evidence.comparator is not None:
        variables.append(("referenceExposure", "Comparator", "comparator", evidence.comparator))
    many = len(evidence.outcome) > 1
    for number, outcome in enumerate(evidence.outcome, 1):
        name = f"outcome-{number}" if many else "outcome"
        variables.append(("measuredVariable", "Outcome", name, outcome))
    for code, label, name, variable in variables:
        if variable.concept is not None and _is_concept_alone(variable):
            yield VariableRole(code, label, context.part_id(str(variable.concept)), variable)
        else:
            yield VariableRole(code, label, context.part_id(str(evidence.id), name), variable)


def compile_variables(context: CompileContext) -> Iterator[Element]:
    """The EvidenceVariables of all evidence of the topic, each once."""
    compiled_ids: set[str] = set()
    for evidence in context.topic.evidence:
        for role in variable_roles(context, evidence):
            if role.id not in compiled_ids:
                compiled_ids.add(role.id)
                yield _evidence_variable(context, evidence, role)


def variable_title(context: CompileContext, variable: Variable) -> str:
    """How a variable reads."""
    if variable.title is not None:
        return variable.title
    names = [variable.concept] if variable.concept is not None else [*variable.concepts]
    concepts = (context.concepts.get(str(name)) for name in names)
    texts = [concept.text for concept in concepts if concept is not None]
    return texts[0] if len(texts) == 1 else " or ".join(texts) or _UNNAMED


def _evidence_variable(context: CompileContext, evidence: Evidence, role: VariableRole) -> Element:
    variable, title = role.variable, variable_title(context, role.variable)
    definition = None
    if _is_concept_alone(variable) and variable.concept is not None:
        concept = context.concepts.get(str(variable.concept))
        definition = concept.definition if concept is not None else None
    resource = artifact_resource(
        context,
        "EvidenceVariable",
        role.id,
        variable.span,
        title=title,
        date=evidence.date,
        description=variable.text or definition,
        characteristic=list(_characteristics(context, variable)),
    )
    resource["text"] = _narrative(context, role, resource)
    return resource


def _characteristics(context: CompileContext, variable: Variable) -> Iterator[Element]:
    """What has to be met: the concept, and any of the concepts, and none of the excluded ones."""
    if variable.concept is not None:
        yield from _characteristic(context, variable.concept)
    any_of = [
        characteristic
        for name in variable.concepts
        for characteristic in _characteristic(context, name)
    ]
    if len(any_of) > 1:
        combined = element(variable.span, code="any-of", characteristic=any_of)
        yield element(variable.span, definitionByCombination=combined)
    else:
        yield from any_of
    for name in variable.excludes:
        yield from _characteristic(context, name, exclude=True)
    if not (variable.concept or variable.concepts) and variable.title is not None:
        words = element(variable.span, text=variable.title)
        yield element(variable.span, definitionCodeableConcept=words)


def _characteristic(context: CompileContext, name: Text, **more: Any) -> Iterator[Element]:
    concept = named_concept(context, name, name.span)
    if concept is not None:
        yield element(name.span, definitionCodeableConcept=concept, **more)


def _is_concept_alone(variable: Variable) -> bool:
    return not (variable.title or variable.text or variable.concepts or variable.excludes)


def _narrative(context: CompileContext, role: VariableRole, resource: Element) -> Element:
    met: list[str] = []
    excluded: list[str] = []
    for characteristic in resource.get("characteristic", ()):
        inner = characteristic.get("definitionByCombination", {}).get(
            "characteristic", [characteristic]
        )
        words = " or ".join(readable_text(each.get("definitionCodeableConcept")) for each in inner)
        (excluded if characteristic.get("exclude") else met).append(words)
    blocks = [
        write.heading(2, resource["title"]),
        write.prose(resource.get("description")),
        write.texts("Is met by", met),
        write.texts("Must not be present", excluded),
    ]
    return write.narrative(context.language, role.variable.span, blocks)
