"""Extensions by their definitions: context, version, modifier, content.

http://hl7.org/fhir/defining-extensions.html#context
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import Element, FHIRPathError
from fhir_kb.fhirpath.evaluation.references import json_property, with_ancestors
from fhir_kb.fhirpath.types.schema import slots_by_key
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.datatypes.extension_contexts import contexts, interfaces, is_for_release
from fhir_kb.validate.finding_codes import (
    EXTENSION_CONTEXT,
    EXTENSION_MODIFIER,
    EXTENSION_VERSION,
    INVARIANT_NOT_EVALUATED,
    PROFILE_TYPE,
)
from fhir_kb.validate.profiles.locations import path_steps, report_at
from fhir_kb.validate.profiles.run import resource_of
from fhir_kb.validate.profiles.tree import CORE_URL, BrokenProfileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import ProfileRun

_MAX_SHOWN: Final = 12


def check_extensions(run: ProfileRun, extensions: Sequence[Any]) -> list[Finding]:
    """What is wrong with some extensions in the resource, by their definitions.

    extensions: as the same objects as in the resource.
    """
    findings: list[Finding] = []
    for element in _elements_of(run.root, [id(extension) for extension in extensions]):
        findings += _check(run, element)
    return findings


def _elements_of(root: Element, ids: list[int]) -> Iterator[Element]:
    """The elements of the resource whose values are the objects with these ids."""
    leading = _ancestors_of(root.value, ids)
    stack = [root]
    while stack:
        element = stack.pop()
        if id(element.value) in ids:
            yield element
        stack += reversed(_children_leading_to(element, leading))


def _children_leading_to(element: Element, leading: set[int]) -> list[Element]:
    """The children whose values (or the extensions beside them) are in `leading`."""
    value = element.extra if element.type.system else element.value
    if not isinstance(value, dict) or id(value) not in leading:
        return []
    if element.type.is_open:
        children = element.all_children()
    else:
        slots = slots_by_key(element.type)
        keys = [key for key, child in value.items() if id(child) in leading and key in slots]
        names = dict.fromkeys(slots[key].name for key in keys)
        children = [child for name in names for child in element.children(name)]
    return [child for child in children if id(child.value) in leading or id(child.extra) in leading]


def _ancestors_of(value: Any, ids: list[int]) -> set[int]:
    """The ids of objects and all that contain them; on plain JSON, ten times as fast."""
    holders_of: dict[int, list[Any]] = {}
    todo: list[Any] = [value]
    wanted_ids, remaining = set(ids), len(ids)
    while todo and remaining:
        holder = todo.pop()
        for inner in holder.values() if isinstance(holder, dict) else holder:
            if isinstance(inner, dict | list):
                holders = holders_of.setdefault(id(inner), [])
                if not holders:
                    todo.append(inner)
                holders.append(holder)
                remaining -= id(inner) in wanted_ids
    leading: set[int] = set()
    stack = list(ids)
    while stack:
        inner_id = stack.pop()
        if inner_id not in leading:
            leading.add(inner_id)
            stack += [id(holder) for holder in holders_of.get(inner_id, ())]
    return leading


def _check(run: ProfileRun, element: Element) -> list[Finding]:
    url = str(json_property(element, "url"))
    structure = run.repository.canonicals.find(url, "StructureDefinition")
    parent = element.parent
    if structure is None or parent is None or structure.get("type") != "Extension":
        return []
    return [
        *_check_modifier(run, element, url),
        *_check_version(run, element, url, structure),
        *_check_context(run, element, url, structure),
        *_check_content(run, element, url),
    ]


def _check_content(run: ProfileRun, element: Element, url: str) -> list[Finding]:
    """Check it against its definition; a value of a wrong type is reported at the extension."""
    findings = run.walk.check_profile(run, element, url)
    depth = len(path_steps(element))
    for finding in findings:
        if finding.code is PROFILE_TYPE and len(finding.path_steps) == depth + 1:
            finding.path_steps[0] = (finding.path_steps[0][0], "")
            finding.message_id = "Extension_EXT_Type"
    return findings


def _check_modifier(run: ProfileRun, element: Element, url: str) -> list[Finding]:
    try:
        tree = run.repository.tree(url)
    except BrokenProfileError:
        return []  # reported by _check_content
    is_modifier = tree is not None and tree.root.definition.get("isModifier") is True
    if is_modifier == (element.name == "modifierExtension"):
        return []
    if is_modifier:
        message = f"{quoted(url, 90)} changes the meaning: it belongs in 'modifierExtension'"
        return report_at(element, EXTENSION_MODIFIER, message)
    message = f"{quoted(url, 90)} does not change the meaning: it belongs in 'extension'"
    return report_at(element, EXTENSION_MODIFIER, message, None, "Extension_EXT_Modifier_Y")


def _check_version(
    run: ProfileRun, element: Element, url: str, structure: Mapping[str, Any]
) -> list[Finding]:
    if is_for_release(structure, run.repository.definitions.fhir_version) or element.parent is None:
        return []
    version = run.repository.definitions.fhir_version
    message = f"{quoted(url, 90)} is not for FHIR {version} by its definition"
    return report_at(element.parent, EXTENSION_VERSION, message)


def _check_context(
    run: ProfileRun, element: Element, url: str, structure: Mapping[str, Any]
) -> list[Finding]:
    parent = element.parent
    stated = contexts(structure)
    if parent is None or not stated:
        return []
    version = run.repository.definitions.fhir_version
    applicable = [context for context in stated if is_for_release(context, version)]
    names = set(_context_names(run, parent))
    if not any(_is_allowed(run, context, parent, names) for context in applicable):
        allowed = sorted({str(context.get("expression")) for context in applicable})
        more = f" and {len(allowed) - _MAX_SHOWN} more" if len(allowed) > _MAX_SHOWN else ""
        message = (
            f"the extension {quoted(url, 90)} is not allowed here; it may be on: "
            + (", ".join(allowed[:_MAX_SHOWN]) or "nothing in this release")
            + more
        )
        name = "" if len(applicable) == len(stated) else "Extension_EXTP_Context_Wrong_VER"
        return report_at(parent, EXTENSION_CONTEXT, message, None, name)
    return list(_check_context_invariants(run, element, parent, url, structure))


def _is_allowed(
    run: ProfileRun, context: Mapping[str, Any], parent: Element, names: set[str]
) -> bool:
    expression = str(context.get("expression", "")).removeprefix(CORE_URL)
    match context.get("type"):
        case "element":
            path = expression.replace("[x]", "").partition("#")
            if path[1]:
                return True  # an element of a profile, which is not known here
            # "Element" stands for anything, resources included.
            return path[0] in names or path[0] == "Element" or "/" in path[0]
        case "extension":
            urls = [
                json_property(node, "url")
                for node in with_ancestors(parent)
                if node.type.name == "Extension"
            ]
            return expression.partition("#")[0] in {str(url).removeprefix(CORE_URL) for url in urls}
        case "fhirpath":
            return _is_selected(run, expression, parent)
    return True


def _is_selected(run: ProfileRun, expression: str, parent: Element) -> bool:
    """Whether a FHIRPath context selects the element; True if it cannot be evaluated."""
    try:
        compiled = run.repository.compile(expression)
        for focus in (parent, resource_of(parent)):
            items = compiled(resource_of(parent), context=focus, services=run.services)
            if items and items != [False]:
                return True
    except FHIRPathError:
        return True
    return False


def _check_context_invariants(
    run: ProfileRun, element: Element, parent: Element, url: str, structure: Mapping[str, Any]
) -> Iterator[Finding]:
    listed = structure.get("contextInvariant")
    for expression in listed if isinstance(listed, list) else ():
        if not isinstance(expression, str):
            continue
        try:
            holds = run.repository.compile(expression).test(
                parent,
                resource=resource_of(parent),
                root=run.root,
                services=run.services,
                variables={"extension": element},
            )
        except FHIRPathError as error:
            message = f"not checked: {quoted(expression, 200)} of the extension {quoted(url, 90)}"
            yield from report_at(parent, INVARIANT_NOT_EVALUATED, f"{message}: {error}")
            continue
        if holds is False or holds is None:
            message = (
                f"the extension {quoted(url, 90)} is not allowed here: {quoted(expression, 200)} "
                "does not hold"
            )
            yield from report_at(parent, EXTENSION_CONTEXT, message, None, "Profile_EXT_Not_Here")


def _context_names(run: ProfileRun, element: Element) -> Iterator[str]:
    """The names of an element in contexts: its types, and paths from all elements around it."""
    yield from element.type.names
    if element.type.is_resource:
        yield from interfaces(run.repository.definitions, element.type.name)
    path = ""
    chain = list(with_ancestors(element))
    for inner, outer in pairwise(chain):
        path = f"{inner.name}.{path}" if path else inner.name
        for name in outer.type.names:
            yield f"{name}.{path}"
            if inner is element and "[x]" not in path:
                yield f"{name}.{path}{element.type.name[:1].upper()}{element.type.name[1:]}"
        if outer.type.is_resource:
            for name in interfaces(run.repository.definitions, outer.type.name):
                yield f"{name}.{path}"
            break
