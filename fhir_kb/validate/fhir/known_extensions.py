"""Which extensions are surely right where they stand, told from their url and their properties.

Most are: then nothing more is done. The others are looked at with all that is around them, by
`fhir_kb.validate.profiles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.packages import Canonicals, Definitions

VERSIONED: Final = "http://hl7.org/fhir/StructureDefinition/version-specific-use"
_URL: Final = "http://hl7.org/fhir/StructureDefinition/"
_MOST: Final = 5000
#: What a definition of a value may state without anything that needs a look.
_PLAIN: Final = frozenset(
    {
        "alias", "base", "comment", "condition", "constraint", "definition", "example",
        "extension", "id", "isModifier", "isModifierReason", "isSummary", "mapping", "max",
        "meaningWhenMissing", "min", "mustSupport", "path", "representation", "requirements",
        "short", "slicing", "type",
    }
)  # fmt: skip


class KnownExtensions:
    """Remembers, for each extension and place, the properties with which it is surely right."""

    def __init__(self, definitions: Definitions, canonicals: Canonicals) -> None:
        self._definitions = definitions
        self._canonicals = canonicals
        self._fine: dict[tuple[str, str, bool], frozenset[str] | None] = {}

    def is_fine(self, url: str, owner: str, value: Mapping[str, Any], *, modifier: bool) -> bool:
        """Whether nothing can be wrong with the extension; False where it has to be looked at.

        owner: the type path of the element it is on ("PlanDefinition.action", "HumanName");
        "Element" on a primitive. An extension that is not known is fine.
        """
        key = (url, owner, modifier)
        if key in self._fine:
            fine = self._fine[key]
        else:
            if len(self._fine) >= _MOST:
                self._fine.clear()
            fine = self._fine[key] = self._make(url, owner, modifier=modifier)
        return fine is None or all(name in fine for name in value)

    def _make(self, url: str, owner: str, *, modifier: bool) -> frozenset[str] | None:
        """The properties that are fine; None where the extension is not known, so all are."""
        found = self._canonicals.find(url, "StructureDefinition")
        if found is None or found.get("type") != "Extension":
            return None
        elements = _elements(found)
        if (
            not elements
            or bool(elements[0].get("isModifier")) != modifier
            or "|" in url
            or not self._is_in_place(found, owner)
        ):
            return frozenset()
        return frozenset(_simple(elements))

    def _is_in_place(self, found: Mapping[str, Any], owner: str) -> bool:
        """Whether a context surely allows it on the owner, by its type alone."""
        if "contextInvariant" in found or is_versioned(found):
            return False
        definitions = self._definitions
        name = owner.partition(".")[0]
        names = {owner, "Element"}
        names.update(("BackboneElement",) if "." in owner else definitions.ancestors(name))
        return any(
            one.get("type") == "element"
            and "extension" not in one
            and str(one.get("expression")).removeprefix(_URL) in names
            for one in contexts(found)
        )


def contexts(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where an extension may stand, as its definition has it."""
    found = structure.get("context")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def is_versioned(structure: Mapping[str, Any]) -> bool:
    """Whether the definition limits its use to some releases."""
    found = structure.get("extension")
    listed = found if isinstance(found, list) else ()
    return any(isinstance(one, dict) and one.get("url") == VERSIONED for one in listed)


def _elements(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    snapshot = structure.get("snapshot")
    found = snapshot.get("element") if isinstance(snapshot, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


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
