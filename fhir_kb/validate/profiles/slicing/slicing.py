"""Which value belongs to which slice: http://hl7.org/fhir/profiling.html#slicing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_kb.terminology.three_valued import all_of
from fhir_kb.validate.codes import NO_SLICE, PROFILE_NOT_CHECKED, SEVERAL_SLICES, SLICE_ORDER
from fhir_kb.validate.profiles.places import at
from fhir_kb.validate.profiles.run import has_errors
from fhir_kb.validate.profiles.slicing.discriminators import belongs
from fhir_kb.validate.profiles.slicing.spots import (
    Discriminator,
    discriminators_of,
    is_telling,
    slicing_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node


@dataclass
class Sliced:
    """members: each slice with its values, those that are sliced again after their slice."""

    members: list[tuple[Node, list[Element]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def sliced(
    run: Run, node: Node, values: list[Element], outer: Sequence[Discriminator] = ()
) -> Sliced:
    """The values of a sliced element by slice, and what is wrong with that.

    outer: what tells the slices apart where the element itself says nothing of it, because it is a
    slice that is sliced again.
    """
    result = Sliced()
    rule = slicing_of(node)
    discriminators = list(outer) if outer and not rule else discriminators_of(node)
    held: list[list[Element]] = [[] for _ in node.slices]
    homes = [_home(run, node, discriminators, one, held, result.findings) for one in values]
    result.findings += _order(rule, node, values, homes)
    for one, members in zip(node.slices, held, strict=True):
        result.members.append((one, members))
        if one.slices:
            inner = sliced(run, one, members, discriminators)
            result.members += inner.members
            result.findings += inner.findings
    return result


def is_in_slice(run: Run, node: Node, value: Element, name: str) -> bool:
    """Whether the value is in the slice of that name."""
    result = sliced(run, node, [value])
    return any(one.slice_name == name and members for one, members in result.members)


def _home(
    run: Run,
    node: Node,
    discriminators: list[Discriminator],
    value: Element,
    held: list[list[Element]],
    findings: list[Finding],
) -> int | None:
    """The number of the slice that the value belongs to; adds it there."""
    homes: list[int] = []
    for number, one in enumerate(node.slices):
        answer = _belongs(run, one, discriminators, value)
        if answer is None:
            message = f"whether it belongs to the slice '{one.slice_name}' cannot be known"
            findings += at(value, PROFILE_NOT_CHECKED, message)
        elif answer:
            homes.append(number)
            held[number].append(value)
    if len(homes) > 1:
        names = ", ".join(node.slices[number].slice_name for number in homes)
        message = f"it belongs to more than one slice of {node.tree.name}: {names}"
        findings += at(value, SEVERAL_SLICES, message)
    return homes[0] if homes else None


def _belongs(
    run: Run, node: Node, discriminators: list[Discriminator], value: Element
) -> bool | None:
    telling = [one for one in discriminators if is_telling(run.known, node, one)]
    if not telling:
        # Nothing tells the slices apart but what they demand.
        return not has_errors(run.walk.node(run, node, value))
    return all_of(belongs(run, node, one, value) for one in telling)


def _order(
    rule: Mapping[str, Any], node: Node, values: list[Element], homes: list[int | None]
) -> list[Finding]:
    """closed, openAtEnd, ordered."""
    found: list[Finding] = []
    rules = rule.get("rules", "open")
    last, outside = -1, False
    for value, home in zip(values, homes, strict=True):
        if home is None:
            outside = True
            if rules == "closed":
                names = ", ".join(one.slice_name for one in node.slices)
                message = f"it belongs to none of the slices that {node.tree.name} has: {names}"
                found += at(value, NO_SLICE, message)
            continue
        if rules == "openAtEnd" and outside:
            message = f"what belongs to no slice of {node.tree.name} comes last, after this"
            found += at(value, SLICE_ORDER, message)
        if rule.get("ordered") is True and home < last:
            message = (
                f"the slice '{node.slices[home].slice_name}' comes before "
                f"'{node.slices[last].slice_name}' in {node.tree.name}"
            )
            found += at(value, SLICE_ORDER, message)
        last = max(last, home)
    return found
