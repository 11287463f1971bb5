"""Whether a value matches a slice by a discriminator.

http://hl7.org/fhir/profiling.html#discriminator: its path is evaluated twice, in the value and in
the slice's definition, whose constraints at the path the value has to meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.evaluation.references import json_property
from fhir_kb.packages.snapshots.elements import profiles_of
from fhir_kb.terminology.three_valued import any_of
from fhir_kb.validate.profiles.constraints.at_path import SliceTarget, constraints_at
from fhir_kb.validate.profiles.constraints.discriminators import Discriminator, path_steps
from fhir_kb.validate.profiles.constraints.matching import serves_discriminator, value_matcher
from fhir_kb.validate.profiles.constraints.references import reference_text
from fhir_kb.validate.profiles.constraints.types import allows_type
from fhir_kb.validate.profiles.run import has_errors

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.profiles.constraints.at_path import Constraint
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode


def matches_discriminator(
    run: ProfileRun, slice_: ProfileNode, discriminator: Discriminator, value: Element
) -> bool | None:
    """Whether the value has what the slice demands; None where that is not decidable."""
    if discriminator.type == "position":
        return value.index == _siblings(slice_).index(slice_)
    items = _items_at(run, value, discriminator.path)
    return any_of(
        _meets(run, constraint, discriminator.type, items)
        for constraint in constraints_at(run.repository, slice_, discriminator)
        if serves_discriminator(constraint, discriminator.type)
    )


def _siblings(slice_: ProfileNode) -> list[ProfileNode]:
    holder = slice_.tree.node_at(str(slice_.definition.get("path")))
    return holder.slices if holder is not None and slice_ in holder.slices else [slice_]


def _meets(
    run: ProfileRun, constraint: Constraint, discriminator_type: str, items: list[Element]
) -> bool | None:
    if isinstance(constraint, SliceTarget):
        return _meets_target(run, constraint, discriminator_type, items)
    if discriminator_type == "type":
        return any(allows_type(code, item.type) for item in items for code in constraint.type_codes)
    if discriminator_type == "profile":
        return any_of(_has_profile(run, constraint, item) for item in items)
    matches = value_matcher(run.repository, constraint, discriminator_type)
    if matches is not None:
        return matches([item.value for item in items])
    # Elements further inside are constrained.
    return any(not has_errors(run.walk.check_children(run, constraint, item)) for item in items)


def _meets_target(
    run: ProfileRun, target: SliceTarget, discriminator_type: str, items: list[Element]
) -> bool | None:
    if discriminator_type == "type":
        types = {run.repository.type_of(url) for url in target.profiles}
        return any(not types.isdisjoint(item.type.names) for item in items)
    return any_of(run.conforms(item, url) for item in items for url in target.profiles)


def _has_profile(run: ProfileRun, node: ProfileNode, item: Element) -> bool | None:
    types = [entry for entry in node.types if str(entry.get("code")) in item.type.names]
    urls = [url for entry in types for url in profiles_of(entry)]
    if types and not urls:
        return True
    return any_of(run.conforms(item, url) for url in urls)


def _items_at(run: ProfileRun, value: Element, path: str) -> list[Element]:
    """The elements that a path leads to in a value."""
    items = [value]
    for step in path_steps(path):
        if step.extension_url:
            extensions = [inner for item in items for inner in item.children("extension")]
            items = [
                inner for inner in extensions if json_property(inner, "url") == step.extension_url
            ]
        elif step.type_name:
            items = [item for item in items if step.type_name in item.type.names]
        elif step.name:
            items = [inner for item in items for inner in item.children(step.name)]
        else:
            targets = [_resolve(run, item) for item in items]
            items = [target for target in targets if target is not None]
    return items


def _resolve(run: ProfileRun, item: Element) -> Element | None:
    reference = item.value if isinstance(item.value, str) else json_property(item, "reference")
    text = reference_text(reference)
    return None if text is None else run.resolve(item, text)
