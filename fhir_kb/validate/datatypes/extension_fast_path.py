"""Which extensions conform to their definition, as far as url and properties tell.

Most do: then nothing more is done. The others are validated with all that is around them, by
`fhir_kb.validate.profiles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.datatypes.cross_version import is_cross_version_element
from fhir_kb.validate.datatypes.extension_contexts import contexts, interfaces, is_for_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fhir_kb.packages import Canonicals, Definitions

#: Whether an extension certainly conforms to its definition.
Test: TypeAlias = "Callable[[Mapping[str, Any]], bool]"
#: What allows all extensions that nothing defines.
ANY_EXTENSION: Final = "any"
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_CACHE_SIZE: Final = 5000
_MAX_CACHED_LENGTH: Final = 200
#: What the definition of a value may have without restricting the value further.
_NO_RESTRICTION: Final = frozenset(
    {
        "alias", "base", "comment", "condition", "constraint", "definition", "example",
        "extension", "id", "isModifier", "isModifierReason", "isSummary", "mapping", "max",
        "meaningWhenMissing", "min", "mustSupport", "path", "representation", "requirements",
        "short", "slicing", "type",
    }
)  # fmt: skip


class _Rule(NamedTuple):
    """When an extension conforms, on elements of one type."""

    properties: frozenset[str]
    """An extension with no other properties than these conforms."""
    test: Test | None
    """For extensions with other properties; None: they never certainly conform."""


class ExtensionFastPath:
    """Keeps, for each extension and element type, the properties with which it conforms.

    Args:
        definitions: The release.
        canonicals: Where the definitions of extensions are looked up.
        make_test: Makes the test of extensions with other properties, for the definition with that
            url, in `modifierExtension` (True) or in `extension` (False).
        allowed: How the urls of extensions begin that need no definition; "any" allows all.
        is_enabled: False: every extension is validated in full; for tests.
    """

    def __init__(
        self,
        definitions: Definitions,
        canonicals: Canonicals,
        make_test: Callable[[str, bool], Test],
        *,
        allowed: Sequence[str] = (),
        is_enabled: bool = True,
    ) -> None:
        self._definitions = definitions
        self._canonicals = canonicals
        self._make_test = make_test
        self._allowed = tuple("" if prefix == ANY_EXTENSION else prefix for prefix in allowed)
        self._is_enabled = is_enabled
        self._unknown: dict[str, bool] = {}
        self._rules: dict[tuple[str, str, bool], _Rule | None] = {}
        self._conforming: set[tuple[Any, ...]] = set()
        self._parts: dict[str, frozenset[str] | None] = {}

    def is_cached(self, owner: str, extension: Mapping[str, Any], *, modifier: bool) -> bool:
        """Whether an equal extension at the same place conformed before; see `cache`."""
        if not self._conforming:
            return False
        try:
            return (owner, modifier, *extension.items()) in self._conforming
        except TypeError:  # it has objects or lists, and such extensions are not cached
            return False

    def cache(self, owner: str, extension: Mapping[str, Any], *, modifier: bool) -> None:
        """Remember that an extension conforms, if it is made of short strings.

        Resources repeat their extensions more often than not.
        """
        length = 0
        for value in extension.values():
            if type(value) is not str or value[:1] == "#":
                return
            length += len(value)
        if length <= _MAX_CACHED_LENGTH and self._is_enabled:
            if len(self._conforming) >= _CACHE_SIZE:
                self._conforming.clear()
            self._conforming.add((owner, modifier, *extension.items()))

    def conforms(
        self, url: str, owner: str, extension: Mapping[str, Any], *, modifier: bool
    ) -> bool:
        """Whether an extension certainly conforms; False where it has to be validated in full.

        The extension has to be a valid Extension.

        Args:
            url: Its url. One that nothing defines conforms.
            owner: The type path of the element that it is on ("PlanDefinition.action",
                "HumanName"); "Element" on a primitive.
            extension: Its JSON.
            modifier: Whether it is in `modifierExtension`.
        """
        if not self._is_enabled:
            return False
        key = (url, owner, modifier)
        if key in self._rules:
            rule = self._rules[key]
        else:
            if len(self._rules) >= _CACHE_SIZE:
                self._rules.clear()
            rule = self._rules[key] = self._rule(url, owner, modifier=modifier)
        if rule is None:
            return True
        if extension.keys() <= rule.properties:
            return True
        return rule.test is not None and rule.test(extension)

    def is_unknown(self, url: str) -> bool:
        """Whether nothing defines the extension, and it is not allowed without a definition."""
        if url not in self._unknown:
            if len(self._unknown) >= _CACHE_SIZE:
                self._unknown.clear()
            self._unknown[url] = not url.startswith(self._allowed) and not self._is_defined(url)
        return self._unknown[url]

    def _is_defined(self, url: str) -> bool:
        definition = self._canonicals.find(url, "StructureDefinition")
        if definition is not None:
            return definition.get("type") == "Extension"
        return is_cross_version_element(url)

    def parts(self, url: str) -> frozenset[str] | None:
        """The urls of the extensions inside a complex extension; None where nothing defines it."""
        if url not in self._parts:
            if len(self._parts) >= _CACHE_SIZE:
                self._parts.clear()
            self._parts[url] = self._part_urls(url)
        return self._parts[url]

    def _part_urls(self, url: str) -> frozenset[str] | None:
        definition = self._canonicals.find(url, "StructureDefinition") or {}
        elements = _elements(definition) if definition.get("type") == "Extension" else []
        if not elements:
            return None
        return frozenset(
            str(element.get("fixedUri"))
            for element in elements
            if element.get("path") == "Extension.extension.url"
        )

    def _rule(self, url: str, owner: str, *, modifier: bool) -> _Rule | None:
        """The rule for an extension at a place; None where nothing defines the extension."""
        definition = self._canonicals.find(url, "StructureDefinition")
        if definition is None or definition.get("type") != "Extension":
            return None
        if "|" in url or not self._is_allowed_on(definition, owner):
            return _Rule(frozenset(), None)
        elements = _elements(definition)
        is_modifier = bool(elements) and bool(elements[0].get("isModifier"))
        names = _unrestricted(elements) if elements and is_modifier == modifier else set()
        return _Rule(frozenset(names), self._test(url, modifier=modifier))

    def _test(self, url: str, *, modifier: bool) -> Test:
        """The test of other properties, made when it is first needed: most never are."""
        tests: list[Test] = []

        def test(extension: Mapping[str, Any]) -> bool:
            if not tests:
                tests.append(self._make_test(url, modifier))
            return tests[0](extension)

        return test

    def _is_allowed_on(self, definition: Mapping[str, Any], owner: str) -> bool:
        """Whether a context allows it on the owner by the owner's type alone."""
        definitions = self._definitions
        version = definitions.fhir_version
        if "contextInvariant" in definition or not is_for_release(definition, version):
            return False
        type_name = owner.partition(".")[0]
        names = {owner, "Element", *interfaces(definitions, owner)}
        names.update(("BackboneElement",) if "." in owner else definitions.ancestors(type_name))
        return any(
            context.get("type") == "element"
            and is_for_release(context, version)
            and str(context.get("expression")).removeprefix(_CORE) in names
            for context in contexts(definition)
        )


def _elements(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [element for _, element in objects(structure.get("snapshot"), "element")]


def _unrestricted(elements: Iterable[Mapping[str, Any]]) -> set[str]:
    """The properties that may have any value of their type; empty where other elements matter."""
    names = {"url", "id"}
    for element in elements:
        path = str(element.get("path"))
        if path.startswith("Extension.value[x]"):
            types = _plain_types(element) if _is_unrestricted(element) else None
            if types is None:
                return set()
            names |= types
        elif path == "Extension" and not _has_core_invariants(element):
            return set()
    return names


def _is_unrestricted(element: Mapping[str, Any]) -> bool:
    """Whether an element for the value states nothing beyond the types."""
    return (
        element.get("path") == "Extension.value[x]"
        and not element.get("sliceName")
        and element.keys() <= _NO_RESTRICTION
        and _has_core_invariants(element)
    )


def _plain_types(element: Mapping[str, Any]) -> set[str] | None:
    """The properties for the types of a value; None where a type is profiled."""
    names: set[str] = set()
    if element.get("max") == "0":
        return names  # it has parts, and a value is an error
    for type_ref in element.get("type") or ():
        if not isinstance(type_ref, dict) or type_ref.keys() - {"code", "extension"}:
            return None
        code = str(type_ref.get("code", ""))
        suffix = f"{code[:1].upper()}{code[1:]}"
        names |= {f"value{suffix}", f"_value{suffix}"}
    return names


def _has_core_invariants(element: Mapping[str, Any]) -> bool:
    """Whether the invariants are those of all elements and extensions."""
    constraints = element.get("constraint")
    return all(
        isinstance(constraint, dict) and constraint.get("key") in ("ele-1", "ext-1")
        for constraint in (constraints if isinstance(constraints, list) else ())
    )
