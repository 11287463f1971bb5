"""Walking a resource along a profile.

What the base type demands is checked elsewhere; here is what a profile says on top: how often,
which type, which value, which code, which rules, and for each value by the slice it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.validate.codes import (
    PROFILE_BROKEN,
    PROFILE_MISSING,
    PROFILE_NO_MATCH,
    PROFILE_NOT_CHECKED,
    PROFILE_OTHER_TYPE,
    PROFILE_TOO_MANY,
    PROFILE_TYPE,
    PROFILE_UNKNOWN,
    SEVERAL_PROFILES,
    SLICE_MISSING,
    SLICE_TOO_MANY,
)
from fhir_kb.validate.profiles.bindings import check_binding
from fhir_kb.validate.profiles.known import count_of_type, is_of, referred_to, type_profiles
from fhir_kb.validate.profiles.narratives import check_narrative
from fhir_kb.validate.profiles.places import at
from fhir_kb.validate.profiles.rules import check_rules
from fhir_kb.validate.profiles.run import Walk, has_errors
from fhir_kb.validate.profiles.slicing.slicing import is_in_slice, sliced
from fhir_kb.validate.profiles.targets import check_target
from fhir_kb.validate.profiles.tree import BrokenProfileError
from fhir_kb.validate.profiles.values import check_value

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node


def check_profile(run: Run, element: Element, canonical: str) -> list[Finding]:
    """What is wrong with a resource, or an element, by the profile with that url."""
    if element.extra is None and run.certain.conforms(element.value, element.type.path, canonical):
        return []
    return walk_profile(run, element, canonical)


def walk_profile(run: Run, element: Element, canonical: str) -> list[Finding]:
    """The same for what does not surely conform to it."""
    key = (id(element.value), canonical)
    if key in run.under_way or run.is_too_deep:
        return []  # it is being looked at already: a circle holds if nothing else breaks it
    try:
        tree = run.known.tree(canonical)
    except BrokenProfileError as error:
        return at(element, PROFILE_BROKEN, str(error))
    if tree is None:
        return at(element, PROFILE_UNKNOWN, f"the profile {canonical} is not known")
    if tree.type not in element.type.names:
        return at(
            element,
            PROFILE_OTHER_TYPE,
            f"the profile {tree.name} is for {tree.type}, and this is a {element.type.name}",
        )
    run.under_way.add(key)
    run.depth += 1
    found = check_node(run, tree.root, element)
    for url in tree.imposed():
        _add_new(found, _alone(run, element, url))
    run.depth -= 1
    run.under_way.discard(key)
    return found


def check_node(run: Run, node: Node, element: Element) -> list[Finding]:
    """What is wrong with one value by an element of a profile, and with all that is in it."""
    found = [*_type(node, element), *check_value(run, node, element)]
    found += check_binding(run, node, element)
    found += check_rules(run, node, element)
    found += check_target(run, node, element)
    found += check_narrative(node, element)
    if not found:
        found += _type_profiles(run, node, element)
    return found + check_children(run, node, element)


def check_children(run: Run, node: Node, element: Element) -> list[Finding]:
    """What is wrong inside a value."""
    inner = referred_to(node)
    found: list[Finding] = []
    if inner is not node and run.is_too_deep:
        return found
    run.depth += inner is not node
    for name, child in inner.children.items():
        if child.idle or run.certain.settles(inner, element, name):
            continue
        found += _group(run, child, element, element.children(name))
    run.depth -= inner is not node
    return found


def _group(run: Run, node: Node, parent: Element, values: list[Element]) -> list[Finding]:
    """What is wrong with all values of an element."""
    found = _count(run, node, parent, len(values))
    if not node.slices:
        for value in values:
            found += check_node(run, node, value)
        return found
    result = sliced(run, node, values)
    found += result.findings
    for value in values:
        found += check_node(run, node, value)
    for one, members in result.members:
        found += _slice_count(one, parent, len(members))
        for value in members:
            _add_new(found, check_node(run, one, value))
    return found


def _add_new(found: list[Finding], more: list[Finding]) -> None:
    """What a slice says, without what is said of all values already."""
    said = {one.key for one in found}
    found += [one for one in more if one.key not in said]


def _count(run: Run, node: Node, parent: Element, count: int) -> list[Finding]:
    """How often it occurs, where the profile is stricter than the type."""
    low, high = count_of_type(run.known.definitions, node, parent.type)
    if count < node.min and node.min > low:
        return at(
            parent,
            PROFILE_MISSING,
            f"'{node.name}' occurs {_times(count)}; {node.tree.name} asks for {node.min} at least",
        )
    if node.max is not None and count > node.max and (high is None or node.max < high):
        return at(
            parent,
            PROFILE_TOO_MANY,
            f"'{node.name}' occurs {_times(count)}; {node.tree.name} allows {_most(node.max)}",
        )
    return []


def _slice_count(node: Node, parent: Element, count: int) -> list[Finding]:
    label = f"'{node.slice_name}' of '{node.name}'"
    if count < node.min:
        return at(
            parent,
            SLICE_MISSING,
            f"the slice {label} occurs {_times(count)}; {node.tree.name} asks for {node.min} "
            "at least",
        )
    if node.max is not None and count > node.max:
        return at(
            parent,
            SLICE_TOO_MANY,
            f"the slice {label} occurs {_times(count)}; {node.tree.name} allows {_most(node.max)}",
        )
    return []


def _times(count: int) -> str:
    return {0: "not at all", 1: "once"}.get(count, f"{count} times")


def _most(count: int) -> str:
    return "none" if count == 0 else f"{count} at most"


def _type(node: Node, element: Element) -> list[Finding]:
    """Whether the value is of one of the types that the profile leaves."""
    codes = [str(one.get("code", "")) for one in node.types]
    if not codes or element.type.is_open or any(is_of(code, element.type) for code in codes):
        return []
    # A choice of the wrong type is a property that the object around it may not have; but of an
    # extension all values are known.
    parent = element.parent
    is_choice = parent is not None and element.index < 0 and parent.type.name != "Extension"
    place = parent if parent is not None and is_choice else element
    message = (
        f"a {element.type.name} is not allowed for '{node.name}' by {node.tree.name}; allowed: "
        + ", ".join(codes)
    )
    return at(place, PROFILE_TYPE, message)


def _type_profiles(run: Run, node: Node, element: Element) -> list[Finding]:
    """Whether the value conforms to one of the profiles that its type may have here."""
    urls = type_profiles(run.known, node, element.type)
    if len(urls) < 2:
        return _alone(run, element, urls[0]) if urls else []
    answers = {url: _alone(run, element, url) for url in urls}
    met = [url for url, found in answers.items() if not has_errors(found)]
    if len(met) > 1:
        names = ", ".join(met)
        return at(element, SEVERAL_PROFILES, f"it conforms to more than one profile: {names}")
    if met:
        return answers[met[0]]
    found = at(element, PROFILE_NO_MATCH, f"it conforms to none of: {', '.join(urls)}")
    for one in answers.values():
        _add_new(found, one)
    return found


def _alone(run: Run, element: Element, url: str) -> list[Finding]:
    """The findings by one profile; one that is not known is told and is no warning here."""
    found = check_profile(run, element, url)
    if len(found) == 1 and found[0].code is PROFILE_UNKNOWN:
        return at(element, PROFILE_NOT_CHECKED, found[0].message)
    return found


WALK = Walk(check_profile, check_node, check_children, is_in_slice)
