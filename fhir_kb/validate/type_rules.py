"""The rules in `resources` and elsewhere for each type, beyond what the definitions state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.context import Checker


#: Types in which elements refer to each other by their ids.
_WITH_IDS = frozenset({"Measure", "MeasureReport", "RequestGroup"})
_WITH_EXPRESSIONS = frozenset({"Expression", "SearchParameter", "ElementDefinition.constraint"})


def content_rules(type_path: str, definitions: Definitions) -> tuple[Checker, ...]:
    """The checks of all objects of a type.

    They are imported when a value of the type is first checked: most resources are of other types.
    """
    rule = _type_rule(type_path, definitions)
    rules = () if rule is None else (rule,)
    if type_path in definitions.resource_types and "publisher" in definitions.properties(type_path):
        from fhir_kb.validate.resources.canonical_urls import check_canonical_url
        from fhir_kb.validate.resources.publishers import check_publisher

        rules = (*rules, check_canonical_url, check_publisher)
    if type_path in _WITH_IDS:
        from fhir_kb.validate.resources.element_ids import check_element_ids

        rules = (*rules, check_element_ids)
    if type_path in _WITH_EXPRESSIONS:
        from fhir_kb.validate.invariants.expressions import expression_rule

        rules = (*rules, expression_rule(type_path))
    return rules


def _type_rule(type_path: str, definitions: Definitions) -> Checker | None:
    if type_path == "StructureDefinition":
        from fhir_kb.validate.resources.structure_definitions.structure_definition import (
            structure_definition_check,
        )

        return structure_definition_check(definitions)
    if type_path == "CodeSystem":
        from fhir_kb.validate.resources.terminology.code_systems import check_code_system

        return check_code_system
    if type_path == "ValueSet":
        from fhir_kb.validate.resources.terminology.value_sets import check_value_set

        return check_value_set
    if type_path == "ConceptMap":
        from fhir_kb.validate.resources.terminology.concept_maps import check_concept_map

        return check_concept_map
    if type_path in ("SearchParameter", "CapabilityStatement.rest.resource"):
        from fhir_kb.validate.resources.search_parameters import search_parameter_checks

        return search_parameter_checks(definitions)[type_path]
    if type_path == "ImplementationGuide.dependsOn":
        from fhir_kb.validate.resources.implementation_guides import check_ig_dependency

        return check_ig_dependency
    if type_path == "OperationDefinition":
        from fhir_kb.validate.resources.implementation_guides import check_operation_definition

        return check_operation_definition
    if type_path in ("Questionnaire", "QuestionnaireResponse", "MeasureReport"):
        return _questionnaire_or_report_rule(type_path, definitions)
    if type_path == "Coding":
        from fhir_kb.validate.datatypes.codings import coding_checker

        return coding_checker(definitions.fhir_version)
    return None


def _questionnaire_or_report_rule(type_path: str, definitions: Definitions) -> Checker:
    if type_path == "Questionnaire":
        from fhir_kb.validate.resources.questionnaires.questionnaire import check_questionnaire

        return check_questionnaire
    if type_path == "QuestionnaireResponse":
        from fhir_kb.validate.resources.questionnaires.questionnaire_response import (
            questionnaire_response_check,
        )

        return questionnaire_response_check(definitions)
    from fhir_kb.validate.resources.measure_reports import check_measure_report

    return check_measure_report
