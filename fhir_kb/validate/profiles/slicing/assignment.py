"""Assigning values to slices: http://hl7.org/fhir/profiling.html#slicing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.terminology.three_valued import all_of
from fhir_kb.validate.finding_codes import (
    NO_SLICE,
    PROFILE_NOT_CHECKED,
    SEVERAL_SLICES,
    SLICE_ORDER,
)
from fhir_kb.validate.profiles.constraints.discriminators import (
    Discriminator,
    discriminators_of,
    slicing_rules,
)
from fhir_kb.validate.profiles.constraints.matching import is_discriminating
from fhir_kb.validate.profiles.locations import report_at
from fhir_kb.validate.profiles.run import has_errors
from fhir_kb.validate.profiles.slicing.matching import matches_discriminator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode

_UNDECIDED: Final = -1


@dataclass
class SliceAssignment:
    """The values of an element by slice."""

    members: list[tuple[ProfileNode, list[Element]]] = field(default_factory=list)
    """Each slice with its values, followed by the slices that slice it again."""
    findings: list[Finding] = field(default_factory=list)
    undecided: set[int] = field(default_factory=set)
    """id() of the slices that may have more values than are known to be theirs."""


def assign_slices(
    run: ProfileRun,
    node: ProfileNode,
    values: list[Element],
    outer: Sequence[Discriminator] = (),
) -> SliceAssignment:
    """The values of a sliced element by slice, and what is wrong with that.

    Args:
        run: the run of profile checks.
        node: the sliced element.
        values: all values of the element.
        outer: the discriminators of the element around, where the node is one of its slices and
            has no slicing rules itself.
    """
    assignment = SliceAssignment()
    discriminators = list(outer) if outer and not slicing_rules(node) else discriminators_of(node)
    members: list[list[Element]] = [[] for _ in node.slices]
    numbers = [_assign(run, node, discriminators, value, members, assignment) for value in values]
    assignment.findings += _check_order(node, values, numbers)
    for slice_, slice_members in zip(node.slices, members, strict=True):
        assignment.members.append((slice_, slice_members))
        if slice_.slices:
            inner = assign_slices(run, slice_, slice_members, discriminators)
            assignment.members += inner.members
            assignment.findings += inner.findings
            assignment.undecided |= inner.undecided
    return assignment


def is_in_slice(run: ProfileRun, node: ProfileNode, value: Element, name: str) -> bool:
    """Whether the value is in the slice of that name."""
    assignment = assign_slices(run, node, [value])
    return any(slice_.slice_name == name and members for slice_, members in assignment.members)


def _assign(
    run: ProfileRun,
    node: ProfileNode,
    discriminators: list[Discriminator],
    value: Element,
    members: list[list[Element]],
    assignment: SliceAssignment,
) -> int | None:
    """The number of the slice that the value belongs to; adds it to that slice's members.

    None: it belongs to none; _UNDECIDED: it may belong to one.
    """
    is_undecided, findings = False, assignment.findings
    numbers: list[int] = []
    for number, slice_ in enumerate(node.slices):
        belongs = _belongs(run, slice_, discriminators, value)
        if belongs is None:
            is_undecided = True
            assignment.undecided.add(id(slice_))
            message = f"not checked: whether it belongs to the slice '{slice_.slice_name}'"
            findings += report_at(value, PROFILE_NOT_CHECKED, message)
        elif belongs:
            numbers.append(number)
            members[number].append(value)
    if len(numbers) > 1:
        names = ", ".join(node.slices[number].slice_name for number in numbers)
        message = f"it belongs to more than one slice of {node.tree.name}: {names}"
        findings += report_at(value, SEVERAL_SLICES, message)
    if numbers:
        return numbers[0]
    return _UNDECIDED if is_undecided else None


def _belongs(
    run: ProfileRun, slice_: ProfileNode, discriminators: list[Discriminator], value: Element
) -> bool | None:
    usable = [
        discriminator
        for discriminator in discriminators
        if is_discriminating(run.repository, slice_, discriminator)
    ]
    if not usable:
        # Without a usable discriminator a value is in a slice if it conforms to it.
        return not has_errors(run.walk.check_node(run, slice_, value))
    return all_of(
        matches_discriminator(run, slice_, discriminator, value) for discriminator in usable
    )


def _check_order(
    node: ProfileNode, values: list[Element], numbers: list[int | None]
) -> list[Finding]:
    """Check the rules closed, openAtEnd and ordered; numbers: the slice of each value."""
    findings: list[Finding] = []
    slicing = slicing_rules(node)
    rules = slicing.get("rules", "open")
    last, is_after_unsliced = -1, False
    for value, number in zip(values, numbers, strict=True):
        if number == _UNDECIDED:
            continue
        if number is None:
            is_after_unsliced = True
            if rules == "closed":
                names = ", ".join(slice_.slice_name for slice_ in node.slices)
                message = f"it belongs to none of the slices that {node.tree.name} has: {names}"
                findings += report_at(value, NO_SLICE, message)
            continue
        if rules == "openAtEnd" and is_after_unsliced:
            message = f"values that belong to no slice of {node.tree.name} must come after this one"
            findings += report_at(value, SLICE_ORDER, message)
        if slicing.get("ordered") is True and number < last:
            message = (
                f"the slice '{node.slices[number].slice_name}' comes before "
                f"'{node.slices[last].slice_name}' in {node.tree.name}"
            )
            findings += report_at(value, SLICE_ORDER, message)
        last = max(last, number)
    return findings
