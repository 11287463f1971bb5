"""How slices are told apart: http://hl7.org/fhir/profiling.html#discriminator.

A discriminator's path is walked twice: in the value, and in the slice's definition, where it ends
at what the slice demands there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.fhirpath.surroundings import member
from fhir_kb.packages.snapshots.elements import profiles_of
from fhir_kb.validate.profiles.bindings import bound_value_sets
from fhir_kb.validate.profiles.run import has_errors, is_of
from fhir_kb.validate.profiles.targets import target_profiles
from fhir_kb.validate.profiles.tree import BrokenProfileError, Node
from fhir_kb.validate.profiles.values import choice, fits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.profiles.run import Run

_STEP: Final = re.compile(
    r"\$this|extension\(\s*['\"]([^'\"]+)['\"]\s*\)|resolve\(\s*\)|(?:ofType|as)\(\s*([\w.]+)\s*\)"
    r"|([A-Za-z]\w*)(?:\[x\])?"
)


class Discriminator(NamedTuple):
    """type: value, pattern, exists, type, profile (or position); path: restricted FHIRPath."""

    type: str
    path: str


class _Target(NamedTuple):
    """What a reference in a slice leads to: the profiles, of which one is met (none: any)."""

    profiles: list[str]


def is_telling(run: Run, node: Node, one: Discriminator) -> bool:
    """Whether the slice says something at the discriminator's path."""
    if one.type == "position":
        return True
    key = ("telling", f"{one.type} {one.path}")
    found: bool | None = node.kept.get(key)
    if found is None:
        found = any(_is_telling(spot, one.type) for spot in _spots(run, node, one))
        node.kept[key] = found
    return found


def _is_telling(spot: Node | _Target, kind: str) -> bool:
    if isinstance(spot, _Target):
        return kind in ("type", "profile") and bool(spot.profiles)
    if kind in ("value", "pattern"):
        return bool(_demands(spot)) or spot.min > 0 or spot.max == 0
    if kind == "exists":
        return spot.min > 0 or spot.max == 0
    return bool(spot.types)


def belongs(run: Run, node: Node, one: Discriminator, value: Element) -> bool | None:
    """Whether the value has what the slice demands; None where that cannot be known."""
    if one.type == "position":
        return value.index == _siblings(node).index(node)
    items = _items(run, [value], one.path)
    answers = [
        _meets(run, spot, one.type, items)
        for spot in _spots(run, node, one)
        if _is_telling(spot, one.type)
    ]
    if True in answers:
        return True
    return None if None in answers else False


def _siblings(node: Node) -> list[Node]:
    holder = node.tree.at(str(node.definition.get("path")))
    return holder.slices if holder is not None and node in holder.slices else [node]


def _meets(run: Run, spot: Node | _Target, kind: str, items: list[Element]) -> bool | None:
    if isinstance(spot, _Target):
        return _meets_target(run, spot, kind, items)
    if kind == "exists":
        return not items if spot.max == 0 else bool(items)
    if kind == "type":
        return any(_is_typed(spot, item) for item in items)
    if kind == "profile":
        return _any(_has_profile(run, spot, item) for item in items)
    if spot.max == 0:
        return not items
    if not _demands(spot):
        return bool(items)
    return _any(_has_value(run, spot, item) for item in items)


def _any(answers: Iterable[bool | None]) -> bool | None:
    listed = list(answers)
    if True in listed:
        return True
    return None if None in listed else False


def _meets_target(run: Run, spot: _Target, kind: str, items: list[Element]) -> bool | None:
    if kind == "type":
        kinds = {run.known.type_of(url) for url in spot.profiles}
        return any(not kinds.isdisjoint(item.type.names) for item in items)
    return _any(run.conforms(item, url) for item in items for url in spot.profiles)


def _is_typed(spot: Node, item: Element) -> bool:
    return any(is_of(str(one.get("code")), item.type) for one in spot.types)


def _has_profile(run: Run, spot: Node, item: Element) -> bool | None:
    fitting = [one for one in spot.types if str(one.get("code")) in item.type.names]
    urls = [url for one in fitting for url in profiles_of(one)]
    if fitting and not urls:
        return True
    return _any(run.conforms(item, url) for url in urls)


def _demands(spot: Node) -> bool:
    """Whether something in the element, or inside of it, is fixed or bound."""
    definition = spot.definition
    if choice(definition, "fixed") is not None or choice(definition, "pattern") is not None:
        return True
    return bool(bound_value_sets(spot)) or any(
        _fixes(one) for child in spot.children.values() for one in (child, *child.all_slices())
    )


def _fixes(node: Node) -> bool:
    if choice(node.definition, "fixed") is not None:
        return True
    return choice(node.definition, "pattern") is not None or any(
        _fixes(one) for child in node.children.values() for one in (child, *child.all_slices())
    )


def _has_value(run: Run, spot: Node, item: Element) -> bool | None:
    for word in ("fixed", "pattern"):
        demanded = choice(spot.definition, word)
        if demanded is not None:
            return fits(item.value, demanded, is_pattern=word == "pattern")
    if any(_fixes(child) for child in spot.children.values()) or any(
        child.slices for child in spot.children.values()
    ):
        return _has_inner(run, spot, item)
    answers = [
        run.known.codes.member_of(item.value, item.type.name, url) for url in bound_value_sets(spot)
    ]
    if False in answers:
        return False
    return None if None in answers else True


def _has_inner(run: Run, spot: Node, item: Element) -> bool:
    """Whether it fits what is fixed further inside."""
    return not has_errors(run.walk.children(run, spot, item))


def _steps(path: str) -> list[re.Match[str]]:
    """The steps of a path; those that are none of restricted FHIRPath are passed over."""
    return list(_STEP.finditer(path))


def _items(run: Run, items: list[Element], path: str) -> list[Element]:
    """What a path leads to in values."""
    for step in _steps(path):
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
    text = item.value if isinstance(item.value, str) else member(item, "reference")
    if isinstance(text, dict):
        text = text.get("reference")
    return run.resolve(item, text) if isinstance(text, str) else None


def _spots(run: Run, node: Node, discriminator: Discriminator) -> list[Node | _Target]:
    """See _found_spots; worked out once."""
    key = ("spots", f"{discriminator.type} {discriminator.path}")
    found: list[Node | _Target] | None = node.kept.get(key)
    if found is None:
        found = node.kept[key] = _found_spots(run, node, discriminator)
    return found


def _found_spots(run: Run, node: Node, discriminator: Discriminator) -> list[Node | _Target]:
    """What a path leads to in a slice's definition; several where it is sliced again."""
    spots: list[Node | _Target] = [node]
    for step in _steps(discriminator.path):
        word, url, kind, name = step[0], step[1], step[2], step[3]
        if word == "$this":
            continue
        if url:
            spots = [one for spot in spots for one in _extension(run, spot, url)]
        elif kind:
            spots = [one for spot in spots for one in _of_type(spot, kind.rpartition(".")[2])]
        elif name:
            spots = [one for spot in spots for one in _children(run, spot, name)]
        else:
            spots = [
                _Target(_target_profiles(run, spot)) for spot in spots if isinstance(spot, Node)
            ]
    if discriminator.type == "type":
        return [one for spot in spots for one in _type_slices(spot)]
    return spots


def _type_slices(spot: Node | _Target) -> list[Node | _Target]:
    """The slices of a choice by its types, where there are any: they are all that is left of it."""
    return list(spot.slices) if isinstance(spot, Node) and spot.slices else [spot]


def _target_profiles(run: Run, spot: Node) -> list[str]:
    return [run.known.within(spot.tree, url) for url in target_profiles(spot.types)]


def _children(run: Run, spot: Node | _Target, name: str) -> list[Node | _Target]:
    found: list[Node | _Target] = []
    if isinstance(spot, Node) and (inner := _inside_fixed(spot, name)) is not None:
        return [inner]
    if isinstance(spot, Node) and name == "url" and (urls := _extension_urls(spot)):
        return urls
    for holder in _holders(run, spot, name):
        child = holder.children[name]
        slices = [one for one in child.all_slices() if _fixes(one) or one.min]
        found += slices if slices and not _fixes(child) else [child]
    return found


def _inside_fixed(spot: Node, name: str) -> Node | None:
    """What a fixed value or pattern of an element says of one that is inside of it."""
    for word in ("fixed", "pattern"):
        demanded = choice(spot.definition, word)
        if isinstance(demanded, dict) and name in demanded:
            path = f"{spot.definition.get('path')}.{name}"
            return Node({"path": path, f"{word}Any": demanded[name]}, spot.tree, name)
    return None


def _extension_urls(spot: Node) -> list[Node | _Target]:
    """The url of an extension, which its profile tells even where its definition is not known."""
    listed = [
        url.partition("|")[0]
        for one in spot.types
        if one.get("code") == "Extension"
        for url in profiles_of(one)
        if not url.startswith("#")
    ]
    path = f"{spot.definition.get('path')}.url"
    return [Node({"path": path, "fixedUri": url}, spot.tree, "url") for url in listed]


def _holders(run: Run, spot: Node | _Target, name: str) -> list[Node]:
    """The nodes that say something of an element inside: the slice's own, or those of profiles."""
    if isinstance(spot, Node) and name in spot.children:
        return [spot]
    urls = (
        spot.profiles
        if isinstance(spot, _Target)
        else [run.known.within(spot.tree, url) for one in spot.types for url in profiles_of(one)]
    )
    roots = [root for url in urls if (root := _root(run, url)) is not None]
    return [root for root in roots if name in root.children]


def _root(run: Run, url: str) -> Node | None:
    try:
        tree = run.known.tree(url)
    except BrokenProfileError:
        return None
    return None if tree is None else tree.root


def _of_type(spot: Node | _Target, kind: str) -> list[Node | _Target]:
    if isinstance(spot, _Target):
        return [spot]
    slices = [one for one in spot.slices if [str(t.get("code")) for t in one.types] == [kind]]
    if slices:
        return list(slices)
    return [spot] if any(str(one.get("code")) == kind for one in spot.types) else []


def _extension(run: Run, spot: Node | _Target, url: str) -> list[Node | _Target]:
    found: list[Node | _Target] = []
    for holder in _holders(run, spot, "extension"):
        for one in holder.children["extension"].all_slices():
            profiles = [p for kind in one.types for p in profiles_of(kind)]
            named = one.children.get("url")
            fixed = choice(named.definition, "fixed") if named else None
            if fixed == url or any(p.partition("|")[0] == url for p in profiles):
                found.append(one)
    return found
