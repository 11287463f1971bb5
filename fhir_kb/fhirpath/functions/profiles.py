"""FHIR: functions about profiles: conformsTo(), elementDefinition(), slice(), and others."""

from __future__ import annotations

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Element, Item, boolean
from fhir_kb.fhirpath.evaluation.references import json_property
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.text import text_of

_CORE = "http://hl7.org/fhir/StructureDefinition/"


@function("conformsTo", "value", returns="Boolean")
def conforms_to(scope: Scope, focus: list[Item], profile: list[Item]) -> list[Item]:
    """Whether the element conforms to the profile.

    The services decide; where they cannot tell, a url of FHIR's own types is compared by name.
    """
    item, url = single(focus, "conformsTo()"), text_of(profile, "conformsTo()")
    if item is None or url is None:
        return EMPTY
    if not isinstance(item, Element):
        raise FHIRPathExecutionError("conformsTo() needs an element of a resource")
    profiles = scope.env.services.profiles
    if profiles is not None:
        conforms = profiles.conforms(item.value, item.type.name, url)
        if conforms is not None:
            return boolean(conforms)
    name = url.partition("|")[0].removeprefix(_CORE)
    if not scope.env.schema.knows(name):
        raise FHIRPathExecutionError(f"the profile '{url}' is not available")
    return boolean(name in item.type.names)


@function("elementDefinition")
def element_definition(scope: Scope, focus: list[Item]) -> list[Item]:
    """The definitions of the elements, as far as the services have them."""
    profiles = scope.env.services.profiles
    definitions: list[Item] = []
    for item in focus:
        if isinstance(item, Element) and profiles is not None:
            definition = profiles.definition(_definition_path(item))
            if definition is not None:
                definition_type = scope.env.schema.type("ElementDefinition")
                definitions.append(Element(dict(definition), definition_type))
    return definitions


def _definition_path(element: Element) -> str:
    if element.parent is None or element.type.is_resource:
        return element.type.path
    return f"{element.parent.type.path}.{element.name}"


@function("slice", "value", "value")
def in_slice(
    scope: Scope, focus: list[Item], structure: list[Item], name: list[Item]
) -> list[Item]:
    """The elements that are in the named slice of the profile; empty where that is not known."""
    profile, slice_name = text_of(structure, "slice()"), text_of(name, "slice()")
    profiles = scope.env.services.profiles
    if profile is None or slice_name is None or profiles is None:
        return EMPTY
    return [
        item
        for item in focus
        if isinstance(item, Element)
        and profiles.in_slice(item.value, _definition_path(item), profile, slice_name)
    ]


@function("checkModifiers", "value*", returns="=")
def check_modifiers(_: Scope, focus: list[Item], *allowed: list[Item]) -> list[Item]:
    """The input; an error where it has a modifier extension with another url."""
    urls = {text_of(url, "checkModifiers()") for url in allowed}
    for item in focus:
        if isinstance(item, Element):
            for modifier in item.children("modifierExtension"):
                if (url := json_property(modifier, "url")) not in urls:
                    raise FHIRPathExecutionError(f"the modifier extension '{url}' is not allowed")
    return focus
