"""Checking an element and all that is in it against a profile.

The demands of the base type are checked elsewhere; here are those that a profile adds:
cardinalities, types, values, codes, invariants, and for each value those of its slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.validate.core.issue import has_problems
from fhir_kb.validate.finding_codes import (
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
from fhir_kb.validate.profiles.constraints.types import (
    allows_type,
    content_node,
    type_cardinality,
    type_profiles,
)
from fhir_kb.validate.profiles.locations import report_at
from fhir_kb.validate.profiles.run import Walk, has_errors
from fhir_kb.validate.profiles.slicing.assignment import assign_slices, is_in_slice
from fhir_kb.validate.profiles.tree import BrokenProfileError
from fhir_kb.validate.profiles.walk.bindings import check_binding
from fhir_kb.validate.profiles.walk.invariants import check_invariants
from fhir_kb.validate.profiles.walk.narratives import check_narrative
from fhir_kb.validate.profiles.walk.references import check_reference
from fhir_kb.validate.profiles.walk.values import check_value

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode


def check_profile(run: ProfileRun, element: Element, canonical: str) -> list[Finding]:
    """What is wrong with a resource, or an element, by the profile with that URL."""
    is_plain = element.extra is None
    if is_plain and run.fast_path.conforms(element.value, element.type.path, canonical):
        return []
    return walk_profile(run, element, canonical)


def walk_profile(run: ProfileRun, element: Element, canonical: str) -> list[Finding]:
    """The same without the fast path."""
    key = (id(element.value), canonical)
    if key in run.in_progress:
        return []  # a circular reference is checked once
    if run.is_too_deep:
        message = f"not checked: the profile {canonical}: profiles lead into each other too deeply"
        return report_at(element, PROFILE_NOT_CHECKED, message) if run.is_first("depth") else []
    try:
        tree = run.repository.tree(canonical)
    except BrokenProfileError as error:
        return report_at(element, PROFILE_BROKEN, str(error))
    if tree is None:
        return report_at(
            element, PROFILE_UNKNOWN, f"not checked: the profile {canonical} is not available"
        )
    if tree.type not in element.type.names:
        return report_at(
            element,
            PROFILE_OTHER_TYPE,
            f"the profile {tree.name} is for {tree.type}, and this is a {element.type.name}",
        )
    run.in_progress.add(key)
    run.depth += 1
    findings = check_node(run, tree.root, element)
    for url in tree.imposed_profiles():
        _add_new(findings, _check_nested_profile(run, element, url))
    run.depth -= 1
    run.in_progress.discard(key)
    return findings


def check_node(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """What is wrong with one value by an element of a profile, and with all that is in it."""
    findings = [*_check_type(node, element), *check_value(run, node, element)]
    findings += check_binding(run, node, element)
    findings += check_invariants(run, node, element)
    findings += check_reference(run, node, element)
    findings += check_narrative(node, element)
    if not has_problems(findings):
        findings += _check_type_profiles(run, node, element)
    return findings + check_children(run, node, element)


def check_children(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """What is wrong inside a value."""
    content = content_node(node)
    findings: list[Finding] = []
    if content is not node and run.is_too_deep:
        return findings
    run.depth += content is not node
    for name, child in content.children.items():
        if child.is_unconstrained or run.fast_path.child_conforms(content, element, name):
            continue
        findings += _check_child(run, child, element, element.children(name))
    run.depth -= content is not node
    return findings


def _check_child(
    run: ProfileRun, node: ProfileNode, parent: Element, values: list[Element]
) -> list[Finding]:
    """What is wrong with all values of an element."""
    findings = _check_cardinality(run, node, parent, len(values))
    if not node.slices:
        for value in values:
            findings += check_node(run, node, value)
        return findings
    assignment = assign_slices(run, node, values)
    findings += assignment.findings
    for value in values:
        findings += check_node(run, node, value)
    for slice_, members in assignment.members:
        is_undecided = id(slice_) in assignment.undecided
        findings += _check_slice_cardinality(slice_, parent, len(members), is_undecided)
        for value in members:
            _add_new(findings, check_node(run, slice_, value))
    return findings


def _add_new(findings: list[Finding], more: list[Finding]) -> None:
    """Add the findings that are not in the list yet."""
    keys = {finding.key for finding in findings}
    findings += [finding for finding in more if finding.key not in keys]


def _check_cardinality(
    run: ProfileRun, node: ProfileNode, parent: Element, count: int
) -> list[Finding]:
    """Cardinality, where the profile is stricter than the type."""
    type_min, type_max = type_cardinality(run.repository.definitions, node, parent.type)
    if count < node.min and node.min > type_min:
        return report_at(
            parent,
            PROFILE_MISSING,
            f"'{node.name}' occurs {_times(count)}; {node.tree.name} asks for {node.min} at least",
        )
    is_stricter = node.max is not None and (type_max is None or node.max < type_max)
    if node.max is not None and count > node.max and is_stricter:
        return report_at(
            parent,
            PROFILE_TOO_MANY,
            f"'{node.name}' occurs {_times(count)}; {node.tree.name} allows {_most(node.max)}",
        )
    return []


def _check_slice_cardinality(
    node: ProfileNode, parent: Element, count: int, is_undecided: bool
) -> list[Finding]:
    """Check a slice's cardinality; is_undecided: whether it may have more values than `count`."""
    label = f"'{node.slice_name}' of '{node.name}'"
    if count < node.min and not is_undecided:
        return report_at(
            parent,
            SLICE_MISSING,
            f"the slice {label} occurs {_times(count)}; {node.tree.name} asks for {node.min} "
            "at least",
        )
    if node.max is not None and count > node.max:
        return report_at(
            parent,
            SLICE_TOO_MANY,
            f"the slice {label} occurs {_times(count)}; {node.tree.name} allows {_most(node.max)}",
        )
    return []


def _times(count: int) -> str:
    return {0: "not at all", 1: "once"}.get(count, f"{count} times")


def _most(count: int) -> str:
    return "none" if count == 0 else f"{count} at most"


def _check_type(node: ProfileNode, element: Element) -> list[Finding]:
    """Whether the value is of one of the types that the profile leaves."""
    codes = node.type_codes
    if not codes or element.type.is_open or any(allows_type(code, element.type) for code in codes):
        return []
    # A choice of the wrong type is a property that the object around it may not have; but of an
    # extension all values are known.
    parent = element.parent
    is_choice = parent is not None and element.index < 0 and parent.type.name != "Extension"
    location = parent if parent is not None and is_choice else element
    message = (
        f"a {element.type.name} is not allowed for '{node.name}' by {node.tree.name}; allowed: "
        + ", ".join(codes)
    )
    return report_at(location, PROFILE_TYPE, message)


def _check_type_profiles(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """Whether the value conforms to one of the profiles that its type may have here."""
    urls = type_profiles(run.repository, node, element.type)
    if len(urls) < 2:
        return _check_nested_profile(run, element, urls[0]) if urls else []
    findings_by_url = {url: _check_nested_profile(run, element, url) for url in urls}
    met = [url for url, findings in findings_by_url.items() if not has_errors(findings)]
    if len(met) > 1:
        names = ", ".join(met)
        message = f"it conforms to more than one profile: {names}"
        return report_at(element, SEVERAL_PROFILES, message)
    if met:
        return findings_by_url[met[0]]
    message = f"it conforms to none of: {', '.join(urls)}"
    all_findings = report_at(element, PROFILE_NO_MATCH, message)
    for findings in findings_by_url.values():
        _add_new(all_findings, findings)
    return all_findings


def _check_nested_profile(run: ProfileRun, element: Element, url: str) -> list[Finding]:
    """The findings by one profile; one that is not available is information, not a warning."""
    findings = check_profile(run, element, url)
    if len(findings) == 1 and findings[0].code is PROFILE_UNKNOWN:
        return report_at(element, PROFILE_NOT_CHECKED, findings[0].message)
    return findings


WALK = Walk(check_profile, check_node, check_children, is_in_slice)
