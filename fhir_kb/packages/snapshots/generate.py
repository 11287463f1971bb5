"""A profile's snapshot: its base's elements with what its differential says on top.

http://hl7.org/fhir/profiling.html#snapshot. Elements are found by their id ("Type.a:slice.b"),
which is worked out from path and sliceName where it is missing.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.canonicals import Canonicals

#: More than the largest profiles have; a differential that needs more is refused.
MAX_ELEMENTS: Final = 20_000
_MAX_BASES: Final = 50
_TYPES: Final = "http://hl7.org/fhir/StructureDefinition/"
#: What a differential adds to, where it otherwise replaces.
_ADDED: Final = ("constraint", "condition", "mapping", "alias", "example")

Element: TypeAlias = "dict[str, Any]"


class SnapshotError(Exception):
    """A snapshot can't be made; path: the element's id, or "". advice: what to do about it."""

    def __init__(self, message: str, path: str = "", advice: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.advice = advice


def snapshot(
    structure_definition: Mapping[str, Any], find: Canonicals, *, _chain: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The StructureDefinition with a snapshot; the argument is not changed.

    find: where its base and the types and profiles of its elements are looked up; those without a
    snapshot get one too. SnapshotError: something is not known, or bases lead in a circle.
    """
    url = str(structure_definition.get("url", ""))
    if url in _chain or len(_chain) >= _MAX_BASES:
        way = " → ".join((*_chain, url))
        raise SnapshotError(f"profiles lead in a circle: {way}", "", "end it with a core type")
    base = _Sources(find, (*_chain, url)).definition(
        str(structure_definition.get("baseDefinition", ""))
    )
    making = _Making(base["snapshot"]["element"], _Sources(find, (*_chain, url)))
    differential = structure_definition.get("differential")
    listed = differential.get("element") if isinstance(differential, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("path"), str):
            raise SnapshotError("an element of the differential has no path", "", "give it one")
        making.apply(one)
    making.raise_minimums()
    return {**structure_definition, "snapshot": {"element": making.elements}}


class _Sources:
    """Definitions with snapshots, by canonical."""

    def __init__(self, find: Canonicals, chain: tuple[str, ...]) -> None:
        self._find = find
        self._chain = chain

    def definition(self, canonical: str) -> Mapping[str, Any]:
        found = self._find.find(canonical, "StructureDefinition")
        if found is None:
            advice = "add the package that defines it"
            raise SnapshotError(f"'{canonical}' is not known", "", advice)
        if found.get("snapshot") is not None:
            if not _is_whole(found["snapshot"]):
                advice = "mend the package that defines it"
                raise SnapshotError(f"the snapshot of '{canonical}' is broken", "", advice)
            return found
        return snapshot(found, self._find, _chain=self._chain)


class _Making:
    """A snapshot in the making."""

    def __init__(self, base: list[Element], sources: _Sources) -> None:
        self.elements = deepcopy(base)
        self._sources = sources
        self._root = str(self.elements[0]["path"])
        self._slices: dict[str, str] = {}
        self._stated: set[str] = set()

    def apply(self, change: Element) -> None:
        """Put an element of the differential on top."""
        element = self._ensured(self._id_of(change))
        self._stated.add(str(element["id"]))
        if "max" not in change and (profile := _extension(change)):
            # An extension's definition says on its root how often it may occur.
            stated = self._sources.definition(profile)["snapshot"]["element"][0].get("max", "*")
            element["max"] = _lower(element.get("max", "*"), stated)
        for key, value in change.items():
            if key in ("id", "path"):
                continue
            if key in _ADDED and isinstance(value, list):
                known = element.get(key, [])
                element[key] = [*known, *(deepcopy(one) for one in value if one not in known)]
            else:
                element[key] = deepcopy(value)

    def raise_minimums(self) -> None:
        """What is sliced occurs at least as often as its slices must, where the differential says
        nothing of the element itself; a choice one of whose types must be there is of that type."""
        by_id = {str(one["id"]): one for one in self.elements}
        least: dict[str, int] = {}
        for one in self.elements:
            sliced, _, name = str(one["id"]).rpartition(":")
            whole = by_id.get(sliced)
            if whole is None or "." in name or not _least(one):
                continue
            least[sliced] = least.get(sliced, 0) + _least(one)
            if sliced.endswith("[x]") and _types(one):
                whole["min"] = max(_least(whole), 1)
                whole["type"] = deepcopy(one["type"])
        for sliced, number in least.items():
            if sliced not in self._stated and not sliced.endswith("[x]"):
                by_id[sliced]["min"] = max(_least(by_id[sliced]), number)

    def _id_of(self, change: Element) -> str:
        """The element's id; without one, slices that came before are taken from the path."""
        given, path = change.get("id"), str(change["path"])
        if isinstance(given, str) and given:
            return _mended(given, path, change.get("sliceName"))
        parent, _, last = path.rpartition(".")
        name = f"{self._slices.get(parent, parent)}.{last}" if parent else last
        if isinstance(slice_name := change.get("sliceName"), str):
            name = f"{name}:{slice_name}"
        self._slices[path] = name
        return name

    def _position(self, name: str) -> int:
        return next((at for at, one in enumerate(self.elements) if one.get("id") == name), -1)

    def _ensured(self, name: str) -> Element:
        """The element with that id, made where the base does not have it in so many words."""
        at = self._position(name)
        if at >= 0:
            return self.elements[at]
        parent, _, last = name.rpartition(".")
        if not parent:
            advice = f"begin its path with {self._root}"
            raise SnapshotError(f"it is not an element of {self._root}", name, advice)
        if ":" in last:
            return self._slice(name)
        parent = str(self._ensured(parent)["id"])
        self._expand(parent)
        name = f"{parent}.{last}"
        at = self._position(name)
        return self.elements[at] if at >= 0 else self._chosen(name)

    def _chosen(self, name: str) -> Element:
        """valueQuantity, which is short for the slice value[x]:valueQuantity."""
        parent, _, last = name.rpartition(".")
        for one in self.elements:
            known = str(one.get("id", ""))
            stem = known.rpartition(".")[2].removesuffix("[x]")
            if known == f"{parent}.{stem}[x]" and last.startswith(stem):
                return self._ensured(f"{known}:{last}")
        raise SnapshotError("the base has no such element", name, "correct its path")

    def _slice(self, name: str) -> Element:
        sliced_name, _, slice_name = name.rpartition(":")
        sliced = self._ensured(sliced_name)
        if str(sliced["id"]).endswith(f":{slice_name}"):
            # valueQuantity:valueQuantity, where valueQuantity alone stands for the slice already
            return sliced
        sliced_name = str(sliced["id"])
        name = f"{sliced_name}:{slice_name}"
        if (at := self._position(name)) >= 0:
            return self.elements[at]  # it came with what is around it
        made = deepcopy(sliced)
        made.pop("slicing", None)
        made.update({"id": name, "sliceName": slice_name, "min": 0})
        if sliced_name.endswith("[x]"):
            stem = sliced_name.rpartition(".")[2].removesuffix("[x]")
            named = [one for one in _types(made) if slice_name == stem + _capital(one["code"])]
            made["type"] = named or _types(made)
        self._insert(self._end(sliced_name), [made])
        return made

    def _end(self, name: str) -> int:
        """Where the element's descendants and slices end."""
        at = self._position(name) + 1
        while at < len(self.elements) and str(self.elements[at].get("id")).startswith(
            (f"{name}.", f"{name}:", f"{name}/")
        ):
            at += 1
        return at

    def _insert(self, at: int, more: list[Element]) -> None:
        if len(self.elements) + len(more) > MAX_ELEMENTS:
            raise SnapshotError(f"more than {MAX_ELEMENTS} elements", "", "split the profile")
        self.elements[at:at] = more

    def _expand(self, name: str) -> None:
        """Put the children of the element's type, or of what it refers to, below it."""
        at = self._position(name)
        following = self.elements[at + 1 : at + 2]
        if following and str(following[0].get("id")).startswith(f"{name}."):
            return
        element = self.elements[at]
        source = self._children_of(element, name)
        start = str(source[0]["id"])
        made = []
        for one in source[1:]:
            copied = deepcopy(one)
            copied["id"] = name + str(one["id"])[len(start) :]
            copied["path"] = element["path"] + str(one["path"])[len(str(source[0]["path"])) :]
            made.append(copied)
        if "contentReference" in element:
            del element["contentReference"]
            element["type"] = deepcopy(source[0].get("type", []))
        self._insert(at + 1, made)

    def _children_of(self, element: Element, name: str) -> list[Element]:
        """The element that has the children, and these."""
        if reference := element.get("contentReference"):
            start = str(reference).rpartition("#")[2]
        elif ":" in name.rpartition(".")[2] and self._has_children(name.rpartition(":")[0]):
            start = name.rpartition(":")[0]
        else:
            return self._of_type(element, name)
        return [
            one
            for one in self.elements
            if one.get("id") == start or str(one.get("id")).startswith(f"{start}.")
        ]

    def _has_children(self, name: str) -> bool:
        return any(str(one.get("id")).startswith(f"{name}.") for one in self.elements)

    def _of_type(self, element: Element, name: str) -> list[Element]:
        types = _types(element)
        if not types:
            raise SnapshotError("it has no type, so no children", name, "correct its path")
        codes = {str(one.get("code")) for one in types}
        # All types of a choice have what an Element has, and no more is known of it.
        fallback = [_TYPES + (codes.pop() if len(codes) == 1 else "Element")]
        named = types[0].get("profile") if len(types) == 1 else None
        profiles = named if isinstance(named, list) and named else fallback
        elements: list[Element] = self._sources.definition(str(profiles[0]))["snapshot"]["element"]
        return elements


def _capital(code: str) -> str:
    return code[:1].upper() + code[1:]


def _mended(given: str, path: str, slice_name: object) -> str:
    """The id, or what path and slice name say where it contradicts them in its last step."""
    around, _, last = given.rpartition(".")
    step = path.rpartition(".")[2]
    named = last.partition(":")[0].removesuffix("[x]")
    if not around or named == step.removesuffix("[x]") or given.count(".") != path.count("."):
        return given
    if step.endswith("[x]") and named.startswith(step[:-3]):
        return given
    return f"{around}.{step}:{slice_name}" if isinstance(slice_name, str) else f"{around}.{step}"


def _lower(one: object, other: object) -> object:
    """The lower of two maximums, "*" being none."""
    numbers = [int(text) for text in (str(one), str(other)) if text.isdecimal()]
    return str(min(numbers)) if numbers else "*"


def _least(element: Element) -> int:
    least = element.get("min", 0)
    return least if isinstance(least, int) else 0


def _types(element: Element) -> list[Element]:
    """The element's types, those that name one."""
    types = element.get("type")
    return [
        one
        for one in (types if isinstance(types, list) else ())
        if isinstance(one, dict) and isinstance(one.get("code"), str)
    ]


def _is_whole(found: object) -> bool:
    """Whether a snapshot has elements, each with id and path."""
    elements = found.get("element") if isinstance(found, dict) else None
    return (
        isinstance(elements, list)
        and all(
            isinstance(one, dict)
            and isinstance(one.get("id"), str)
            and isinstance(one.get("path"), str)
            for one in elements
        )
        and bool(elements)
    )


def _extension(change: Element) -> str | None:
    """The one extension that a slice in a differential is for, if it is for one."""
    types = _types(change)
    if len(types) != 1 or types[0]["code"] != "Extension":
        return None
    profiles = types[0].get("profile")
    return str(profiles[0]) if isinstance(profiles, list) and profiles else None
