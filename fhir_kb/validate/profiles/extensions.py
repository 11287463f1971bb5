"""Extensions by their definitions: where they may stand, and all that they demand.

http://hl7.org/fhir/defining-extensions.html#context
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import Element, FHIRPathError, compile_expression
from fhir_kb.fhirpath.evaluation.references import around, member
from fhir_kb.fhirpath.types.schema import slots_by_key
from fhir_kb.validate.codes import (
    EXTENSION_CONTEXT,
    EXTENSION_MODIFIER,
    EXTENSION_VERSION,
    PROFILE_TYPE,
)
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.known_extensions import contexts, interfaces, is_for
from fhir_kb.validate.profiles.places import at, trail
from fhir_kb.validate.profiles.run import resource_of
from fhir_kb.validate.profiles.tree import FHIR, BrokenProfileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import Run

_FEW: Final = 12


def check_extensions(run: Run, wanted: Sequence[Any]) -> list[Finding]:
    """What is wrong with some extensions in the resource, by their definitions.

    wanted: the extensions, as the same objects.
    """
    found: list[Finding] = []
    for element in _found(run.root, [id(one) for one in wanted]):
        found += _check(run, element)
    return found


def _found(root: Element, wanted: list[int]) -> Iterator[Element]:
    """The elements of the resource that are these objects, given by their ids, each place once."""
    way = _way(root.value, wanted)
    todo = [root]
    while todo:
        one = todo.pop()
        if id(one.value) in wanted:
            yield one
        todo += reversed(_on_the_way(one, way))


def _on_the_way(element: Element, way: set[int]) -> list[Element]:
    """The children of an element that are on the way, or have what is beside them on it."""
    holder = element.extra if element.type.system else element.value
    if not isinstance(holder, dict) or id(holder) not in way:
        return []
    if element.type.is_open:
        children = element.all_children()
    else:
        slots = slots_by_key(element.type)
        keys = [key for key, inner in holder.items() if id(inner) in way and key in slots]
        names = dict.fromkeys(slots[key].name for key in keys)
        children = [one for name in names for one in element.children(name)]
    return [one for one in children if id(one.value) in way or id(one.extra) in way]


def _way(value: Any, wanted: list[int]) -> set[int]:
    """What leads to these objects: found in plain JSON, which takes a tenth of the time."""
    outer: dict[int, list[Any]] = {}
    todo: list[Any] = [value]
    looked_for, left = set(wanted), len(wanted)
    while todo and left:
        one = todo.pop()
        for inner in one.values() if isinstance(one, dict) else one:
            if isinstance(inner, dict | list):
                holders = outer.setdefault(id(inner), [])
                if not holders:
                    todo.append(inner)
                holders.append(one)
                left -= id(inner) in looked_for
    found: set[int] = set()
    climbing = list(wanted)
    while climbing:
        here = climbing.pop()
        if here not in found:
            found.add(here)
            climbing += [id(one) for one in outer.get(here, ())]
    return found


def _check(run: Run, element: Element) -> list[Finding]:
    url = str(member(element, "url"))
    known = run.known.canonicals.find(url, "StructureDefinition")
    parent = element.parent
    if known is None or parent is None or known.get("type") != "Extension":
        return []
    return [
        *_modifier(run, element, url),
        *_version(run, element, url, known),
        *_context(run, element, url, known),
        *_content(run, element, url),
    ]


def _content(run: Run, element: Element, url: str) -> list[Finding]:
    """What its definition demands; that the value is of another type is about the extension."""
    found = run.walk.profile(run, element, url)
    depth = len(trail(element))
    for one in found:
        if one.code is PROFILE_TYPE and len(one.path_steps) == depth + 1:
            one.path_steps[0] = (one.path_steps[0][0], "")
            one.message_id = "Extension_EXT_Type"
    return found


def _modifier(run: Run, element: Element, url: str) -> list[Finding]:
    try:
        tree = run.known.tree(url)
    except BrokenProfileError:
        return []  # told where its demands are checked
    is_modifier = tree is not None and tree.root.definition.get("isModifier") is True
    if is_modifier == (element.name == "modifierExtension"):
        return []
    if is_modifier:
        message = f"{quoted(url, 90)} changes the meaning: it belongs in 'modifierExtension'"
        return at(element, EXTENSION_MODIFIER, message)
    message = f"{quoted(url, 90)} does not change the meaning: it belongs in 'extension'"
    return at(element, EXTENSION_MODIFIER, message, None, "Extension_EXT_Modifier_Y")


def _version(run: Run, element: Element, url: str, known: Mapping[str, Any]) -> list[Finding]:
    if is_for(known, run.known.definitions.fhir_version) or element.parent is None:
        return []
    version = run.known.definitions.fhir_version
    message = f"{quoted(url, 90)} is not for FHIR {version}, says its definition"
    return at(element.parent, EXTENSION_VERSION, message)


def _context(run: Run, element: Element, url: str, known: Mapping[str, Any]) -> list[Finding]:
    parent = element.parent
    stated = contexts(known)
    if parent is None or not stated:
        return []
    version = run.known.definitions.fhir_version
    here = [one for one in stated if is_for(one, version)]
    names = set(_names(run, parent))
    if not any(_allows(run, one, parent, names) for one in here):
        allowed = sorted({str(one.get("expression")) for one in here})
        more = f" and {len(allowed) - _FEW} more" if len(allowed) > _FEW else ""
        message = (
            f"the extension {quoted(url, 90)} is not allowed here; it may be on: "
            + (", ".join(allowed[:_FEW]) or "nothing in this release")
            + more
        )
        name = "" if len(here) == len(stated) else "Extension_EXTP_Context_Wrong_VER"
        return at(parent, EXTENSION_CONTEXT, message, None, name)
    return list(_invariants(run, element, parent, url, known))


def _allows(run: Run, one: Mapping[str, Any], parent: Element, names: set[str]) -> bool:
    expression = str(one.get("expression", "")).removeprefix(FHIR)
    match one.get("type"):
        case "element":
            plain = expression.replace("[x]", "").partition("#")
            if plain[1]:
                return True  # an element of a profile: what it is cannot be told from here
            # "Element" is said for anything, resources included.
            return plain[0] in names or plain[0] == "Element" or "/" in plain[0]
        case "extension":
            inside = [
                member(node, "url") for node in around(parent) if node.type.name == "Extension"
            ]
            return expression.partition("#")[0] in {str(url).removeprefix(FHIR) for url in inside}
        case "fhirpath":
            return _is_selected(run, expression, parent)
    return True


def _is_selected(run: Run, expression: str, parent: Element) -> bool:
    """Whether a FHIRPath context holds; what cannot be evaluated is given the benefit."""
    try:
        compiled = compile_expression(expression, run.known.definitions)
        for start in (parent, resource_of(parent)):
            items = compiled(resource_of(parent), context=start, services=run.services)
            if items and items != [False]:
                return True
    except FHIRPathError:
        return True
    return False


def _invariants(
    run: Run, element: Element, parent: Element, url: str, known: Mapping[str, Any]
) -> Iterator[Finding]:
    listed = known.get("contextInvariant")
    for expression in listed if isinstance(listed, list) else ():
        if not isinstance(expression, str):
            continue
        try:
            holds = compile_expression(expression, run.known.definitions).test(
                parent,
                resource=resource_of(parent),
                root=run.root,
                services=run.services,
                variables={"extension": element},
            )
        except FHIRPathError:
            continue
        if holds is False or holds is None:
            message = (
                f"the extension {quoted(url, 90)} is not allowed here: {quoted(expression, 200)} "
                "does not hold"
            )
            yield from at(parent, EXTENSION_CONTEXT, message, None, "Profile_EXT_Not_Here")


def _names(run: Run, element: Element) -> Iterator[str]:
    """All that an element can be called in a context: its types, and paths from all around it."""
    yield from element.type.names
    if element.type.is_resource:
        yield from interfaces(run.known.definitions, element.type.name)
    path = ""
    chain = list(around(element))
    for inner, outer in pairwise(chain):
        path = f"{inner.name}.{path}" if path else inner.name
        for name in outer.type.names:
            yield f"{name}.{path}"
            if inner is element and "[x]" not in path:
                yield f"{name}.{path}{element.type.name[:1].upper()}{element.type.name[1:]}"
        if outer.type.is_resource:
            for name in interfaces(run.known.definitions, outer.type.name):
                yield f"{name}.{path}"
            break
