"""Where the path of a discriminator leads in the definition of a slice: to what it demands there.

http://hl7.org/fhir/profiling.html#discriminator
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from fhir_kb.packages.snapshots.elements import profiles_of
from fhir_kb.terminology.three_valued import all_of, any_of
from fhir_kb.validate.profiles.bindings import bound_value_sets
from fhir_kb.validate.profiles.targets import target_profiles
from fhir_kb.validate.profiles.tree import BrokenProfileError, Node
from fhir_kb.validate.profiles.values import choice, fits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.validate.profiles.known import KnownProfiles

#: Whether some values are what is demanded; None where that cannot be known.
Judge: TypeAlias = "Callable[[list[Any]], bool | None]"
_STEP: Final = re.compile(
    r"\$this|extension\(\s*['\"]([^'\"]+)['\"]\s*\)|resolve\(\s*\)|(?:ofType|as)\(\s*([\w.]+)\s*\)"
    r"|([A-Za-z]\w*)(?:\[x\])?"
)


class Discriminator(NamedTuple):
    """type: value, pattern, exists, type, profile (or position); path: restricted FHIRPath."""

    type: str
    path: str


class Target(NamedTuple):
    """What a reference in a slice leads to: the profiles, of which one is met (none: any)."""

    profiles: list[str]


def slicing_of(node: Node) -> Mapping[str, Any]:
    """What an element says of its slices; nothing where it says nothing."""
    found = node.definition.get("slicing")
    return found if isinstance(found, dict) else {}


def discriminators_of(node: Node) -> list[Discriminator]:
    """What tells the slices of an element apart."""
    listed = slicing_of(node).get("discriminator")
    found = [
        Discriminator(str(one.get("type", "value")), one["path"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("path"), str)
    ]
    if not listed and node.name in ("extension", "modifierExtension"):
        found.append(Discriminator("value", "url"))
    elif not listed and str(node.definition.get("path", "")).endswith("[x]"):
        found.append(Discriminator("type", "$this"))
    return found


def is_telling(known: KnownProfiles, node: Node, one: Discriminator) -> bool:
    """Whether the slice says something at the discriminator's path."""
    if one.type == "position":
        return True
    key = ("telling", f"{one.type} {one.path}")
    found: bool | None = node.kept.get(key)
    if found is None:
        found = any(tells(spot, one.type) for spot in spots_of(known, node, one))
        node.kept[key] = found
    return found


def tells(spot: Node | Target, kind: str) -> bool:
    """Whether a discriminator of that type is told something there."""
    if isinstance(spot, Target):
        return kind in ("type", "profile") and bool(spot.profiles)
    if kind in ("value", "pattern"):
        return bool(demands(spot)) or spot.min > 0 or spot.max == 0
    if kind == "exists":
        return spot.min > 0 or spot.max == 0
    return bool(spot.types)


def demands(spot: Node) -> bool:
    """Whether something in the element, or inside of it, is fixed or bound."""
    definition = spot.definition
    if choice(definition, "fixed") is not None or choice(definition, "pattern") is not None:
        return True
    return bool(bound_value_sets(spot)) or any(
        fixes(one) for child in spot.children.values() for one in (child, *child.all_slices())
    )


def fixes(node: Node) -> bool:
    """Whether the element, or one inside of it, has a fixed value or a pattern."""
    if choice(node.definition, "fixed") is not None:
        return True
    return choice(node.definition, "pattern") is not None or any(
        fixes(one) for child in node.children.values() for one in (child, *child.all_slices())
    )


def judge_of(known: KnownProfiles, spot: Node, word: str) -> Judge | None:
    """What tells whether values at a place are what an element demands there.

    word: value, pattern or exists. None where what is demanded stands further inside.
    """
    if spot.max == 0:
        return lambda values: not values
    if word == "exists" or not demands(spot):
        return bool
    for name in ("fixed", "pattern"):
        demanded = choice(spot.definition, name)
        if demanded is not None:
            is_pattern = name == "pattern"
            return lambda values: any(fits(one, demanded, is_pattern=is_pattern) for one in values)
    if any(fixes(one) or one.slices for one in spot.children.values()):
        return None
    urls, member_of = bound_value_sets(spot), known.codes.member_of
    return lambda values: any_of(all_of(member_of(one, "", url) for url in urls) for one in values)


def steps_of(path: str) -> list[re.Match[str]]:
    """The steps of a path; those that are none of restricted FHIRPath are passed over."""
    return list(_STEP.finditer(path))


def spots_of(known: KnownProfiles, node: Node, discriminator: Discriminator) -> list[Node | Target]:
    """What the path leads to in the slice's definition; several where it is sliced again."""
    key = ("spots", f"{discriminator.type} {discriminator.path}")
    found: list[Node | Target] | None = node.kept.get(key)
    if found is None:
        found = node.kept[key] = _found_spots(known, node, discriminator)
    return found


def _found_spots(
    known: KnownProfiles, node: Node, discriminator: Discriminator
) -> list[Node | Target]:
    spots: list[Node | Target] = [node]
    for step in steps_of(discriminator.path):
        word, url, kind, name = step[0], step[1], step[2], step[3]
        if word == "$this":
            continue
        if url:
            spots = [one for spot in spots for one in _extension(known, spot, url)]
        elif kind:
            spots = [one for spot in spots for one in _of_type(spot, kind.rpartition(".")[2])]
        elif name:
            spots = [one for spot in spots for one in _children(known, spot, name)]
        else:
            spots = [
                Target(_target_profiles(known, spot)) for spot in spots if isinstance(spot, Node)
            ]
    if discriminator.type == "type":
        return [one for spot in spots for one in _type_slices(spot)]
    return spots


def _type_slices(spot: Node | Target) -> list[Node | Target]:
    """The slices of a choice by its types, where there are any: they are all that is left of it."""
    return list(spot.slices) if isinstance(spot, Node) and spot.slices else [spot]


def _target_profiles(known: KnownProfiles, spot: Node) -> list[str]:
    return [known.within(spot.tree, url) for url in target_profiles(spot.types)]


def _children(known: KnownProfiles, spot: Node | Target, name: str) -> list[Node | Target]:
    found: list[Node | Target] = []
    if isinstance(spot, Node) and (inner := _inside_fixed(spot, name)) is not None:
        return [inner]
    if isinstance(spot, Node) and name == "url" and (urls := _extension_urls(spot)):
        return urls
    for holder in _holders(known, spot, name):
        child = holder.children[name]
        slices = [one for one in child.all_slices() if fixes(one) or one.min]
        found += slices if slices and not fixes(child) else [child]
    return found


def _inside_fixed(spot: Node, name: str) -> Node | None:
    """What a fixed value or pattern of an element says of one that is inside of it."""
    for word in ("fixed", "pattern"):
        demanded = choice(spot.definition, word)
        if isinstance(demanded, dict) and name in demanded:
            path = f"{spot.definition.get('path')}.{name}"
            return Node({"path": path, f"{word}Any": demanded[name]}, spot.tree, name)
    return None


def _extension_urls(spot: Node) -> list[Node | Target]:
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


def _holders(known: KnownProfiles, spot: Node | Target, name: str) -> list[Node]:
    """The nodes that say something of an element inside: the slice's own, or those of profiles."""
    if isinstance(spot, Node) and name in spot.children:
        return [spot]
    urls = (
        spot.profiles
        if isinstance(spot, Target)
        else [known.within(spot.tree, url) for one in spot.types for url in profiles_of(one)]
    )
    roots = [root for url in urls if (root := _root(known, url)) is not None]
    return [root for root in roots if name in root.children]


def _root(known: KnownProfiles, url: str) -> Node | None:
    try:
        tree = known.tree(url)
    except BrokenProfileError:
        return None
    return None if tree is None else tree.root


def _of_type(spot: Node | Target, kind: str) -> list[Node | Target]:
    if isinstance(spot, Target):
        return [spot]
    slices = [one for one in spot.slices if [str(t.get("code")) for t in one.types] == [kind]]
    if slices:
        return list(slices)
    return [spot] if any(str(one.get("code")) == kind for one in spot.types) else []


def _extension(known: KnownProfiles, spot: Node | Target, url: str) -> list[Node | Target]:
    found: list[Node | Target] = []
    for holder in _holders(known, spot, "extension"):
        for one in holder.children["extension"].all_slices():
            profiles = [p for kind in one.types for p in profiles_of(kind)]
            named = one.children.get("url")
            fixed = choice(named.definition, "fixed") if named else None
            if fixed == url or any(p.partition("|")[0] == url for p in profiles):
                found.append(one)
    return found
