"""Which extensions are surely right where they stand, told from their url and their properties.

Most are: then nothing more is done. The others are looked at with all that is around them, by
`fhir_kb.validate.profiles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from fhir_kb.validate.core.json_values import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fhir_kb.packages import Canonicals, Definitions

#: Whether an extension surely conforms to its definition.
Look: TypeAlias = "Callable[[Mapping[str, Any]], bool]"
VERSIONED: Final = "http://hl7.org/fhir/StructureDefinition/version-specific-use"
_URL: Final = "http://hl7.org/fhir/StructureDefinition/"
_ON_TYPES: Final = {"type": "element", "expression": "ElementDefinition.type"}
_MOST: Final = 5000
_LONGEST: Final = 200
#: What contexts name that is no type of FHIR before R5.
INTERFACES: Final = frozenset({"CanonicalResource", "MetadataResource"})
#: What a definition of a value may state without anything that needs a look.
_PLAIN: Final = frozenset(
    {
        "alias", "base", "comment", "condition", "constraint", "definition", "example",
        "extension", "id", "isModifier", "isModifierReason", "isSummary", "mapping", "max",
        "meaningWhenMissing", "min", "mustSupport", "path", "representation", "requirements",
        "short", "slicing", "type",
    }
)  # fmt: skip


class _Place(NamedTuple):
    """An extension at a place. names: the properties that need no look; look: what looks."""

    names: frozenset[str]
    look: Look | None


class KnownExtensions:
    """Remembers, for each extension and place, the properties with which it is surely right.

    looks: makes what tells whether an extension with other properties surely conforms to the
    definition with that url, in `modifierExtension` or in `extension`.
    """

    def __init__(
        self, definitions: Definitions, canonicals: Canonicals, looks: Callable[[str, bool], Look]
    ) -> None:
        self._definitions = definitions
        self._canonicals = canonicals
        self._looks = looks
        self._places: dict[tuple[str, str, bool], _Place | None] = {}
        self._seen: set[tuple[Any, ...]] = set()
        self._parts: dict[str, frozenset[str] | None] = {}

    def was_right(self, owner: str, value: Mapping[str, Any], *, modifier: bool) -> bool:
        """Whether the very same extension was found right, there, before; see remember."""
        try:
            return (owner, modifier, *value.items()) in self._seen
        except TypeError:  # it has objects or lists, of which none is remembered
            return False

    def remember(self, owner: str, value: Mapping[str, Any], *, modifier: bool) -> None:
        """Remember an extension in which nothing was found wrong, if it is made of short strings.

        Resources repeat theirs more often than not.
        """
        length = 0
        for one in value.values():
            if type(one) is not str or one[:1] == "#":
                return
            length += len(one)
        if length <= _LONGEST:
            if len(self._seen) >= _MOST:
                self._seen.clear()
            self._seen.add((owner, modifier, *value.items()))

    def is_fine(self, url: str, owner: str, value: Mapping[str, Any], *, modifier: bool) -> bool:
        """Whether nothing can be wrong with the extension; False where it has to be looked at.

        owner: the type path of the element it is on ("PlanDefinition.action", "HumanName");
        "Element" on a primitive. An extension that is not known is fine.
        """
        key = (url, owner, modifier)
        if key in self._places:
            place = self._places[key]
        else:
            if len(self._places) >= _MOST:
                self._places.clear()
            place = self._places[key] = self._make(url, owner, modifier=modifier)
        if place is None or all(name in place.names for name in value):
            return True
        return place.look is not None and place.look(value)

    def parts(self, url: str) -> frozenset[str] | None:
        """The urls of the parts that an extension is made of; None where that is not known."""
        if url not in self._parts:
            if len(self._parts) >= _MOST:
                self._parts.clear()
            found = self._canonicals.find(url, "StructureDefinition") or {}
            elements = _elements(found) if found.get("type") == "Extension" else []
            self._parts[url] = (
                frozenset(
                    str(one.get("fixedUri"))
                    for one in elements
                    if one.get("path") == "Extension.extension.url"
                )
                if elements
                else None
            )
        return self._parts[url]

    def _make(self, url: str, owner: str, *, modifier: bool) -> _Place | None:
        """What is known of it there; None where the extension is not known, so all is fine."""
        found = self._canonicals.find(url, "StructureDefinition")
        if found is None or found.get("type") != "Extension":
            return None
        if "|" in url or not self._is_in_place(found, owner):
            return _Place(frozenset(), None)
        elements = _elements(found)
        is_modifier = bool(elements) and bool(elements[0].get("isModifier"))
        names = _simple(elements) if elements and is_modifier == modifier else set()
        return _Place(frozenset(names), self._later(url, modifier=modifier))

    def _later(self, url: str, *, modifier: bool) -> Look:
        """Looks, but is made when it is needed: most extensions are simple."""
        made: list[Look] = []

        def look(value: Mapping[str, Any]) -> bool:
            if not made:
                made.append(self._looks(url, modifier))
            return made[0](value)

        return look

    def _is_in_place(self, found: Mapping[str, Any], owner: str) -> bool:
        """Whether a context surely allows it on the owner, by its type alone."""
        definitions = self._definitions
        version = definitions.fhir_version
        if "contextInvariant" in found or not is_for(found, version):
            return False
        name = owner.partition(".")[0]
        names = {owner, "Element", *interfaces(definitions, owner)}
        names.update(("BackboneElement",) if "." in owner else definitions.ancestors(name))
        return any(
            one.get("type") == "element"
            and is_for(one, version)
            and str(one.get("expression")).removeprefix(_URL) in names
            for one in contexts(found)
        )


def contexts(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where an extension may stand, as its definition has it."""
    listed: list[Mapping[str, Any]] = [one for _, one in objects(structure, "context")]
    # FHIR's own types have it there, which its definition forgets.
    return [*listed, _ON_TYPES] if structure.get("url") == f"{_URL}regex" else listed


def interfaces(definitions: Definitions, name: str) -> frozenset[str]:
    """CanonicalResource and MetadataResource, which are no types but are said in contexts."""
    if name not in definitions.resource_types:
        return frozenset()
    is_canonical = "url" in definitions.properties(name) or name == "NamingSystem"
    return INTERFACES if is_canonical else frozenset()


def is_for(stated: Mapping[str, Any], version: str) -> bool:
    """Whether a definition, or one of its contexts, is for the release."""
    for _, one in objects(stated, "extension"):
        if one.get("url") != VERSIONED:
            continue
        limits = {
            str(part.get("url")): str(part.get("valueCode"))
            for _, part in objects(one, "extension")
        }
        here = _number(version)
        start, end = limits.get("startFhirVersion", ""), limits.get("endFhirVersion", "")
        if (start and here < _number(start)) or (end and here > _number(end)):
            return False
    return True


def _number(version: str) -> tuple[int, ...]:
    """Major and minor: that is what releases are told apart by."""
    parts = version.split(".")[:2]
    return tuple(int(one) if one.isdecimal() else 0 for one in (*parts, "0")[:2])


def _elements(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for _, one in objects(structure.get("snapshot"), "element")]


def _simple(elements: Iterable[Mapping[str, Any]]) -> set[str]:
    """The properties of an extension that has a value of certain types and nothing else to say."""
    names = {"url", "id"}
    for one in elements:
        path = str(one.get("path"))
        if path.startswith("Extension.value[x]"):
            if path != "Extension.value[x]" or one.get("sliceName") or not one.keys() <= _PLAIN:
                return set()
            if not _only_core(one.get("constraint")):
                return set()
            if one.get("max") == "0":
                continue  # it has parts of its own, and a value is a mistake
            for kind in one.get("type") or ():
                if not isinstance(kind, dict) or kind.keys() - {"code", "extension"}:
                    return set()
                code = str(kind.get("code", ""))
                names |= {
                    f"value{code[:1].upper()}{code[1:]}",
                    f"_value{code[:1].upper()}{code[1:]}",
                }
        elif path == "Extension" and not _only_core(one.get("constraint")):
            return set()
    return names


def _only_core(constraints: Any) -> bool:
    """Whether the rules are those of all elements and extensions."""
    listed = constraints if isinstance(constraints, list) else ()
    return all(isinstance(one, dict) and one.get("key") in ("ele-1", "ext-1") for one in listed)
