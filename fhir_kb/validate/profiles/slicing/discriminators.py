"""How slices are told apart: http://hl7.org/fhir/profiling.html#discriminator.

A discriminator's path is walked twice: in the value, and in the slice's definition, where it ends
at what the slice demands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.evaluation.references import member
from fhir_kb.packages.snapshots.elements import profiles_of
from fhir_kb.terminology.three_valued import any_of
from fhir_kb.validate.profiles.known import is_of
from fhir_kb.validate.profiles.run import has_errors
from fhir_kb.validate.profiles.slicing.spots import (
    Discriminator,
    Target,
    judge_of,
    spots_of,
    steps_of,
    tells,
)
from fhir_kb.validate.profiles.targets import text_of

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node


def belongs(run: Run, node: Node, one: Discriminator, value: Element) -> bool | None:
    """Whether the value has what the slice demands; None where that cannot be known."""
    if one.type == "position":
        return value.index == _siblings(node).index(node)
    items = _items(run, [value], one.path)
    return any_of(
        _meets(run, spot, one.type, items)
        for spot in spots_of(run.known, node, one)
        if tells(spot, one.type)
    )


def _siblings(node: Node) -> list[Node]:
    holder = node.tree.at(str(node.definition.get("path")))
    return holder.slices if holder is not None and node in holder.slices else [node]


def _meets(run: Run, spot: Node | Target, kind: str, items: list[Element]) -> bool | None:
    if isinstance(spot, Target):
        return _meets_target(run, spot, kind, items)
    if kind == "type":
        return any(_is_typed(spot, item) for item in items)
    if kind == "profile":
        return any_of(_has_profile(run, spot, item) for item in items)
    judge = judge_of(run.known, spot, kind)
    if judge is not None:
        return judge([item.value for item in items])
    # What is fixed stands further inside.
    return any(not has_errors(run.walk.children(run, spot, item)) for item in items)


def _meets_target(run: Run, spot: Target, kind: str, items: list[Element]) -> bool | None:
    if kind == "type":
        kinds = {run.known.type_of(url) for url in spot.profiles}
        return any(not kinds.isdisjoint(item.type.names) for item in items)
    return any_of(run.conforms(item, url) for item in items for url in spot.profiles)


def _is_typed(spot: Node, item: Element) -> bool:
    return any(is_of(str(one.get("code")), item.type) for one in spot.types)


def _has_profile(run: Run, spot: Node, item: Element) -> bool | None:
    fitting = [one for one in spot.types if str(one.get("code")) in item.type.names]
    urls = [url for one in fitting for url in profiles_of(one)]
    if fitting and not urls:
        return True
    return any_of(run.conforms(item, url) for url in urls)


def _items(run: Run, items: list[Element], path: str) -> list[Element]:
    """What a path leads to in values."""
    for step in steps_of(path):
        word, url, kind, name = step[0], step[1], step[2], step[3]
        if word == "$this":
            continue
        if url:
            inside = [one for item in items for one in item.children("extension")]
            items = [one for one in inside if member(one, "url") == url]
        elif kind:
            items = [item for item in items if kind.rpartition(".")[2] in item.type.names]
        elif name:
            items = [inner for item in items for inner in item.children(name)]
        else:
            items = [there for item in items if (there := _resolved(run, item)) is not None]
    return items


def _resolved(run: Run, item: Element) -> Element | None:
    reference = item.value if isinstance(item.value, str) else member(item, "reference")
    text = text_of(reference)
    return None if text is None else run.resolve(item, text)
