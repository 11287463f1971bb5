"""The functions that FHIR adds to FHIRPath (FHIR: FHIRPath, Additional functions)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.equality import as_quantity
from fhir_kb.fhirpath.evaluation.items import EMPTY, FALSE, Element, Item, boolean, value_of
from fhir_kb.fhirpath.evaluation.references import contained, entry_for, member, surroundings
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.text import text_of
from fhir_kb.fhirpath.functions.xhtml import is_safe_xhtml
from fhir_kb.fhirpath.values import quantities
from fhir_kb.fhirpath.values.system import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE = "http://hl7.org/fhir/StructureDefinition/"
_REFERRING = ("Reference", "uri", "url", "canonical", "CodeableReference")


@function("extension", "value")
def extension(scope: Scope, focus: list[Item], url: list[Item]) -> list[Item]:
    """The extensions with that url."""
    wanted = text_of(url, "extension()")
    found: list[Item] = []
    for item in focus:
        if isinstance(item, Element):
            found += [one for one in item.children("extension") if member(one, "url") == wanted]
    scope.env.spend(len(focus))
    return found if wanted is not None else EMPTY


@function("hasValue", returns="Boolean")
def has_value(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether there is a single primitive with a value."""
    return boolean(len(focus) == 1 and _primitive_value(focus[0]) is not None)


def _primitive_value(item: Item) -> Any:
    if not isinstance(item, Element):
        return item
    return item.value if item.type.system else None


@function("getValue")
def get_value(_: Scope, focus: list[Item]) -> list[Item]:
    """The value of a single primitive, as FHIRPath's own type."""
    if len(focus) != 1 or _primitive_value(focus[0]) is None:
        return EMPTY
    value = value_of(focus[0])
    return EMPTY if value is None else [value]


@function("resolve")
def resolve(scope: Scope, focus: list[Item]) -> list[Item]:
    """The resources that references, canonicals and urls lead to, as far as they can be found."""
    found: list[Item] = []
    scope.env.spend(len(focus))
    for item in focus:
        reference = _reference_text(item)
        if reference is not None:
            target = _target(scope, item, reference)
            found += [] if target is None else [target]
    return found


def _reference_text(item: Item) -> str | None:
    if not isinstance(item, Element):
        return item if isinstance(item, str) else None
    text = item.value
    if item.type.name == "CodeableReference" and isinstance(text, dict):
        text = text.get("reference")
    if isinstance(text, dict) and (item.type.name in _REFERRING or item.type.is_open):
        text = text.get("reference")
    elif item.type.system and item.type.name not in (*_REFERRING, "string"):
        return None
    return text if isinstance(text, str) else None


def _target(scope: Scope, item: Item, reference: str) -> Element | None:
    holder, bundle = _surroundings(scope, item)
    if reference.startswith("#"):
        if holder is None or reference == "#":
            return holder
        return contained(holder, reference[1:])
    if bundle is not None:
        place = item if isinstance(item, Element) else None
        entry = entry_for(bundle, reference, place, by_url=True)
        if entry is not None:
            return entry
    resolver = scope.env.services.resolver
    resource = None if resolver is None else resolver(reference)
    if resource is None:
        return None
    value = dict(resource)
    return Element(value, scope.env.schema.of_value(value))


def _surroundings(scope: Scope, item: Item) -> tuple[Element | None, Element | None]:
    """What is around the item, or the whole if there is nothing that could be told."""
    first = scope.env.root[0] if scope.env.root else None
    root = first if isinstance(first, Element) else None
    start = item if isinstance(item, Element) else root
    holder, bundle = (None, None) if start is None else surroundings(start)
    if bundle is None and root is not None and root.type.name == "Bundle":
        bundle = root
    return holder or root, bundle


@function("memberOf", "value", returns="Boolean")
def member_of(scope: Scope, focus: list[Item], value_set: list[Item]) -> list[Item]:
    """Whether the code, Coding or CodeableConcept is in the value set; empty where unknown."""
    item, url = single(focus, "memberOf()"), text_of(value_set, "memberOf()")
    terminology = scope.env.services.terminology
    if item is None or url is None or terminology is None:
        return EMPTY
    if isinstance(item, Element):
        return boolean(terminology.member_of(item.value, item.type.name, url))
    return boolean(terminology.member_of(item, "code", url)) if isinstance(item, str) else EMPTY


def _codings(item: Item | None) -> Iterator[tuple[str, str]]:
    if not isinstance(item, Element) or not isinstance(item.value, dict):
        return
    codings = item.value.get("coding", [item.value])
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield str(coding.get("system", "")), coding["code"]


def _subsumption(scope: Scope, above: list[Item], below: list[Item], what: str) -> list[Item]:
    terminology = scope.env.services.terminology
    if not above or not below or terminology is None:
        return EMPTY
    answers = [
        terminology.subsumes(system, code, other)
        for system, code in _codings(single(above, what))
        for other_system, other in _codings(single(below, what))
        if system == other_system
    ]
    if True in answers:
        return boolean(value=True)
    return EMPTY if None in answers else FALSE


@function("subsumes", "value", returns="Boolean")
def subsumes(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether the concept is the other one or above it."""
    return _subsumption(scope, focus, other, "subsumes()")


@function("subsumedBy", "value", returns="Boolean")
def subsumed_by(scope: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether the concept is the other one or below it."""
    return _subsumption(scope, other, focus, "subsumedBy()")


@function("conformsTo", "value", returns="Boolean")
def conforms_to(scope: Scope, focus: list[Item], profile: list[Item]) -> list[Item]:
    """Whether the element conforms to the profile.

    Asked are the services; without an answer, FHIR's own types are known by name.
    """
    item, url = single(focus, "conformsTo()"), text_of(profile, "conformsTo()")
    if item is None or url is None:
        return EMPTY
    if not isinstance(item, Element):
        raise FHIRPathExecutionError("conformsTo() needs an element of a resource")
    profiles = scope.env.services.profiles
    if profiles is not None:
        answer = profiles.conforms(item.value, item.type.name, url)
        if answer is not None:
            return boolean(answer)
    name = url.partition("|")[0].removeprefix(CORE)
    if not scope.env.schema.knows(name):
        raise FHIRPathExecutionError(f"the profile '{url}' is not known")
    return boolean(name in item.type.names)


@function("elementDefinition")
def element_definition(scope: Scope, focus: list[Item]) -> list[Item]:
    """The definitions of the elements, as far as the services have them."""
    profiles = scope.env.services.profiles
    found: list[Item] = []
    for item in focus:
        if isinstance(item, Element) and profiles is not None:
            definition = profiles.definition(_definition_path(item))
            if definition is not None:
                kind = scope.env.schema.type("ElementDefinition")
                found.append(Element(dict(definition), kind))
    return found


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
def check_modifiers(_: Scope, focus: list[Item], *known: list[Item]) -> list[Item]:
    """The input; an error where it has a modifier extension of another url."""
    urls = {text_of(one, "checkModifiers()") for one in known}
    for item in focus:
        if isinstance(item, Element):
            for modifier in item.children("modifierExtension"):
                if (url := member(modifier, "url")) not in urls:
                    raise FHIRPathExecutionError(f"the modifier extension '{url}' is not expected")
    return focus


@function("htmlChecks", returns="Boolean")
def html_checks(_: Scope, focus: list[Item]) -> list[Item]:
    """Whether the narrative has only what FHIR allows, and some content."""
    if len(focus) != 1:
        return FALSE
    value = value_of(focus[0])
    return boolean(isinstance(value, str) and is_safe_xhtml(value))


@function("comparable", "value", returns="Boolean")
def comparable(_: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
    """Whether two quantities can be compared: their units are of one dimension."""
    if len(focus) != 1 or len(other) != 1:
        return EMPTY
    left, right = as_quantity(value_of(focus[0])), as_quantity(value_of(other[0]))
    if left is None or right is None:
        return EMPTY
    same = left.unit == right.unit
    zero = Decimal(0)
    found = quantities.order(Quantity(zero, left.unit), Quantity(zero, right.unit))
    return boolean(same or found is not None)


@function("getResourceKey", returns="String")
def get_resource_key(_: Scope, focus: list[Item]) -> list[Item]:
    """Type/id of a resource (SQL on FHIR)."""
    return [
        f"{item.type.name}/{identifier}"
        for item in focus
        if isinstance(item, Element)
        and item.type.is_resource
        and isinstance(identifier := member(item, "id"), str)
    ]


@function("getReferenceKey", "value?", returns="String")
def get_reference_key(
    _: Scope, focus: list[Item], resource: list[Item] | None = None
) -> list[Item]:
    """Type/id that a Reference leads to (SQL on FHIR), if it is of the given type."""
    wanted = None if resource is None else text_of(resource, "getReferenceKey()")
    found: list[Item] = []
    for item in focus:
        text = _reference_text(item)
        if text is None or text.startswith("#"):
            continue
        parts = text.partition("/_history/")[0].split("/")
        if len(parts) > 1 and wanted in (None, parts[-2]):
            found.append("/".join(parts[-2:]))
    return found
