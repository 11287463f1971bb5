"""The concepts of one code system, and which of them a filter keeps.

http://hl7.org/fhir/codesystem.html#filters and http://hl7.org/fhir/valueset-filter-operator.html
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.terminology.three_valued import negated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fhir_kb.packages.core.code_systems import CodeSystem

COMPLETE: Final = "complete"
#: Properties of every concept, whatever its code system declares.
BASE_PROPERTIES: Final = frozenset(
    {"code", "concept", "display", "definition", "parent", "child", "designation",
     "inactive", "notSelectable", "status", "deprecated", "effectiveDate"}
)  # fmt: skip
#: http://hl7.org/fhir/codesystem-concept-properties.html: standard properties, code -> type.
STANDARD_PROPERTIES: Final = {
    "status": "code",
    "inactive": "boolean",
    "effectiveDate": "dateTime",
    "deprecationDate": "dateTime",
    "retirementDate": "dateTime",
    "notSelectable": "boolean",
    "parent": "code",
    "child": "code",
    "partOf": "code",
    "synonym": "code",
    "comment": "string",
    "itemWeight": "decimal",
}
#: What a property means is said by its uri, whatever its code: http://hl7.org/fhir/codesystem.html
_STANDARD_URIS: Final = "http://hl7.org/fhir/concept-properties#"
_PARENTS: Final = frozenset({"parent", "subsumedBy"})
_IDENTITY: Final = frozenset({"code", "concept"})
_INACTIVE: Final = frozenset({"retired", "inactive"})
_IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_MAX_CONCEPTS: Final = 500_000


class CodeSystemConcepts:
    """The codes of one code system with their displays, parents and properties."""

    def __init__(
        self, url: str, version: str, content: str, *, is_case_insensitive: bool = False
    ) -> None:
        self.url = url
        self.version = version
        self.content = content
        """As CodeSystem.content: only in a "complete" one a code that is missing is wrong."""
        self.is_case_insensitive = is_case_insensitive
        self.displays: dict[str, tuple[str, ...]] = {}
        """Code -> its displays and designations, the preferred one first."""
        self.parents: dict[str, set[str]] = {}
        self.properties: dict[str, dict[str, list[str]]] = {}
        self.declared_properties: set[str] = set()
        """The properties and filters that the code system declares."""
        self.property_types: dict[str, str] = {}
        self.standard_names: dict[str, str] = {}
        """Code of a property -> the standard property that its uri names; "" for another uri."""
        self.is_truncated = False
        """Whether there are more concepts than are read."""
        self.language = ""
        """The language of the displays, where the code system states it."""

    @classmethod
    def from_code_system(cls, system: CodeSystem) -> CodeSystemConcepts:
        """The concepts of a code system that is part of fhir-kb."""
        concepts = cls(system.url, system.version, COMPLETE, is_case_insensitive=system.any_case)
        concepts.displays = dict(system.codes)
        concepts.parents = {code: set(parents) for code, parents in system.parents.items()}
        concepts.properties = {
            code: {name: list(values) for name, values in of_code.items()}
            for code, of_code in system.properties.items()
        }
        concepts.declared_properties = set(system.declared)
        return concepts

    @classmethod
    def from_resource(cls, resource: Mapping[str, Any]) -> CodeSystemConcepts:
        """The concepts of a CodeSystem resource (JSON); malformed parts are skipped."""
        concepts = cls(
            str(resource.get("url", "")),
            str(resource.get("version", "")),
            str(resource.get("content", "")),
            is_case_insensitive=resource.get("caseSensitive") is not True,
        )
        concepts.property_types = {
            str(entry.get("code")): str(entry.get("type", ""))
            for entry in _objects(resource.get("property"))
        }
        concepts.standard_names = standard_names(resource)
        concepts.declared_properties = {
            *concepts.property_types,
            *(str(entry.get("code")) for entry in _objects(resource.get("filter"))),
        }
        concepts.language = str(resource.get("language", ""))
        concepts.add(resource)
        return concepts

    def add(self, resource: Mapping[str, Any]) -> None:
        """Add the concepts of a CodeSystem; a supplement adds displays and properties only."""
        is_new = resource.get("content") != "supplement"
        todo: list[tuple[Mapping[str, Any], str]] = [
            (child, "") for child in reversed(list(_objects(resource.get("concept"))))
        ]
        while todo and len(self.displays) < _MAX_CONCEPTS:
            concept, parent = todo.pop()
            code = concept.get("code")
            if not isinstance(code, str):
                continue
            if is_new or code in self.displays:
                self._add_concept(code, parent, concept)
            todo += [(child, code) for child in reversed(list(_objects(concept.get("concept"))))]
        self.is_truncated |= bool(todo)

    def _add_concept(self, code: str, parent: str, concept: Mapping[str, Any]) -> None:
        displays = [concept.get("display")]
        displays += [entry.get("value") for entry in _objects(concept.get("designation"))]
        merged = [*self.displays.get(code, ()), *(str(name) for name in displays if name)]
        self.displays[code] = tuple(dict.fromkeys(merged))
        if parent:
            self.parents.setdefault(code, set()).add(parent)
        for entry in _objects(concept.get("property")):
            name, value = str(entry.get("code", "")), value_text(entry)
            standard_name = self.standard_names.get(name, name)
            if standard_name in _PARENTS:
                self.parents.setdefault(code, set()).add(value)
            elif standard_name == "child":
                self.parents.setdefault(value, set()).add(code)
            for key in {name, standard_name or name}:
                self.properties.setdefault(code, {}).setdefault(key, []).append(value)

    @property
    def is_complete(self) -> bool:
        """Whether all codes are known."""
        return self.content == COMPLETE and not self.is_truncated

    def find_code(self, code: str) -> str | None:
        """The code in the case in which the system defines it; None if it is not defined."""
        if code in self.displays:
            return code
        if stands_for := template_code(self.url, code):
            return stands_for
        return self._folded.get(code.casefold()) if self.is_case_insensitive else None

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return {code.casefold(): code for code in self.displays}

    def has_code(self, code: str) -> bool | None:
        """Whether the system has the code."""
        if self.find_code(code) is not None:
            return True
        return False if self.is_complete else None

    def is_inactive(self, code: str) -> bool:
        """Whether the concept is defined as retired or inactive."""
        properties = self.properties.get(code, {})
        return "true" in properties.get("inactive", ()) or not _INACTIVE.isdisjoint(
            properties.get("status", ())
        )

    def has_property(self, name: str) -> bool:
        """Whether filters may use a property of that name."""
        return (
            name in self.declared_properties
            or name in BASE_PROPERTIES
            or name in self._used_properties
        )

    @cached_property
    def _used_properties(self) -> frozenset[str]:
        return frozenset(name for of_code in self.properties.values() for name in of_code)

    def matches_filter(self, code: str, name: str, operator: str, value: str) -> bool | None:
        """Whether a concept matches a filter of a ValueSet; None where that is not decidable.

        Args:
            code: the code as `find_code` returns it.
            name: ValueSet.compose.include.filter.property.
            operator: ValueSet.compose.include.filter.op.
            value: ValueSet.compose.include.filter.value.
        """
        if name in _IDENTITY and operator in _RELATIONS:
            return self._matches_relation(code, operator, value)
        if not self.has_property(name):
            return None
        test = _TESTS.get(operator)
        return None if test is None else test(list(self._values(code, name)), value)

    def _matches_relation(self, code: str, operator: str, value: str) -> bool | None:
        is_related = _RELATIONS[operator](self, code, self.find_code(value) or value)
        # a fragment may omit the concepts in between
        return is_related if is_related or self.is_complete else None

    def ancestors(self, code: str) -> set[str]:
        """All ancestors of a concept; the concept itself only if its hierarchy is cyclic."""
        ancestors: set[str] = set()
        todo = [code]
        while todo:
            for parent in self.parents.get(todo.pop(), ()):
                if parent not in ancestors:
                    ancestors.add(parent)
                    todo.append(parent)
        return ancestors

    @cached_property
    def codes_with_children(self) -> frozenset[str]:
        """The codes that have child concepts."""
        return frozenset(parent for parents in self.parents.values() for parent in parents)

    def _values(self, code: str, name: str) -> Iterator[str]:
        standard_name = self.standard_names.get(name, name)
        name = standard_name or name
        if not standard_name:
            yield from self.properties.get(code, {}).get(name, ())
        elif name in _IDENTITY:
            yield code
        elif name == "display":
            yield from self.displays[code][:1]
        elif name == "parent":
            yield from sorted(self.parents.get(code, ()))
        elif name == "child":
            yield from sorted(c for c, parents in self.parents.items() if code in parents)
        else:
            yield from self.properties.get(code, {}).get(name, ())


def standard_names(resource: Mapping[str, Any]) -> dict[str, str]:
    """Code of a CodeSystem's property -> the standard property that its uri names.

    "" where the uri is another one: a "parent" of its own makes no hierarchy.
    """
    names: dict[str, str] = {}
    for entry in _objects(resource.get("property")):
        code, uri = entry.get("code"), entry.get("uri")
        if not isinstance(code, str) or not isinstance(uri, str):
            continue
        if uri.startswith(_STANDARD_URIS):
            names[code] = uri.removeprefix(_STANDARD_URIS)
        elif uri.rpartition("#")[2] != code:  # terminology.hl7.org copies some: "…#subsumedBy"
            names[code] = ""
    return names


def template_code(url: str, code: str) -> str:
    """The template code that a code is an instance of, or "": NNFIN is a NNxxx (a country's)."""
    if url == _IDENTIFIER_TYPES and len(code) == 5 and code.startswith("NN") and code.isalpha():
        return "NNxxx" if code.isupper() else ""
    return ""


def value_text(item: Mapping[str, Any]) -> str:
    """The value[x] of a property as filters compare it."""
    for name, value in item.items():
        if name.startswith("value"):
            if isinstance(value, dict):
                return str(value.get("code", ""))
            if isinstance(value, bool):
                return "true" if value else "false"
            return str(value)
    return ""


def _is_a(concepts: CodeSystemConcepts, code: str, value: str) -> bool:
    return code == value or value in concepts.ancestors(code)


def _leaf(concepts: CodeSystemConcepts, code: str, value: str) -> bool:
    return value in concepts.ancestors(code) and code not in concepts.codes_with_children


_RELATIONS: Final[dict[str, Callable[[CodeSystemConcepts, str, str], bool]]] = {
    "is-a": _is_a,
    "descendent-of": lambda concepts, code, value: value in concepts.ancestors(code),
    "is-not-a": lambda concepts, code, value: not _is_a(concepts, code, value),
    "generalizes": lambda concepts, code, value: _is_a(concepts, value, code),
    "child-of": lambda concepts, code, value: value in concepts.parents.get(code, ()),
    "descendent-leaf": _leaf,
}


def _matching(values: list[str], pattern: str) -> bool | None:
    # Imported here, because few value sets ask for it.
    from fhir_kb.fhirpath.errors import FHIRPathError
    from fhir_kb.fhirpath.regex import matches

    try:
        return any(matches(pattern, value, full=True) for value in values)
    except FHIRPathError:
        return None


def _listed(values: list[str], value: str) -> bool:
    return not {word.strip() for word in value.split(",")}.isdisjoint(values)


_TESTS: Final[dict[str, Callable[[list[str], str], bool | None]]] = {
    "=": lambda values, value: value in values,
    "in": _listed,
    "not-in": lambda values, value: negated(_listed(values, value)),
    "exists": lambda values, value: any(values) == (value == "true"),
    "regex": _matching,
}


def _objects(items: object) -> Iterable[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else ()
