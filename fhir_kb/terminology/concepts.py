"""The concepts of one code system, and which of them a filter keeps.

http://hl7.org/fhir/codesystem.html#filters and http://hl7.org/fhir/valueset-filter-operator.html
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.terminology.logic import negated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fhir_kb.packages.codesystems import CodeSystem

COMPLETE: Final = "complete"
#: What every concept has, whatever its code system declares.
OF_ALL: Final = frozenset(
    {"code", "concept", "display", "definition", "parent", "child", "designation",
     "inactive", "notSelectable", "status", "deprecated", "effectiveDate"}
)  # fmt: skip
_PARENTS: Final = frozenset({"parent", "subsumedBy"})
_IDENTITY: Final = frozenset({"code", "concept"})
_INACTIVE: Final = frozenset({"retired", "inactive"})
_IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_MAX_CONCEPTS: Final = 500_000


class Concepts:
    """Codes with their names, what they descend from, and their properties.

    content: as CodeSystem.content; only of a "complete" one a code that is not there is wrong.
    names: code -> its names, the preferred one first. any_case: whether case makes no difference.
    declared: the properties and filters that the code system says it has. types: of the properties.
    language: of the displays, where the code system says it.
    """

    def __init__(self, url: str, version: str, content: str, *, any_case: bool = False) -> None:
        self.url = url
        self.version = version
        self.content = content
        self.any_case = any_case
        self.names: dict[str, tuple[str, ...]] = {}
        self.parents: dict[str, set[str]] = {}
        self.properties: dict[str, dict[str, list[str]]] = {}
        self.declared: set[str] = set()
        self.types: dict[str, str] = {}
        self.language = ""

    @classmethod
    def shipped(cls, system: CodeSystem) -> Concepts:
        """Those of a code system that ships."""
        made = cls(system.url, system.version, COMPLETE, any_case=system.any_case)
        made.names = dict(system.codes)
        made.parents = {code: set(parents) for code, parents in system.parents.items()}
        made.properties = {
            code: {name: list(values) for name, values in of_code.items()}
            for code, of_code in system.properties.items()
        }
        made.declared = set(system.declared)
        return made

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Concepts:
        """Those of a CodeSystem, as JSON has it; what makes no sense in it is passed over."""
        made = cls(
            str(resource.get("url", "")),
            str(resource.get("version", "")),
            str(resource.get("content", "")),
            any_case=resource.get("caseSensitive") is False,
        )
        made.types = {
            str(one.get("code")): str(one.get("type", ""))
            for one in _objects(resource.get("property"))
        }
        made.declared = {
            *made.types,
            *(str(one.get("code")) for one in _objects(resource.get("filter"))),
        }
        made.language = str(resource.get("language", ""))
        made.add(resource)
        return made

    def add(self, resource: Mapping[str, Any]) -> None:
        """Take in the concepts of a CodeSystem; a supplement adds names and properties."""
        is_new = resource.get("content") != "supplement"
        todo: list[tuple[Mapping[str, Any], str]] = [
            (one, "") for one in reversed(list(_objects(resource.get("concept"))))
        ]
        while todo and len(self.names) < _MAX_CONCEPTS:
            concept, parent = todo.pop()
            code = concept.get("code")
            if not isinstance(code, str):
                continue
            if is_new or code in self.names:
                self._take(code, parent, concept)
            todo += [(one, code) for one in reversed(list(_objects(concept.get("concept"))))]

    def _take(self, code: str, parent: str, concept: Mapping[str, Any]) -> None:
        names = [concept.get("display")]
        names += [one.get("value") for one in _objects(concept.get("designation"))]
        known = [*self.names.get(code, ()), *(str(name) for name in names if name)]
        self.names[code] = tuple(dict.fromkeys(known))
        if parent:
            self.parents.setdefault(code, set()).add(parent)
        for one in _objects(concept.get("property")):
            name, value = str(one.get("code", "")), value_text(one)
            if name in _PARENTS:
                self.parents.setdefault(code, set()).add(value)
            elif name == "child":
                self.parents.setdefault(value, set()).add(code)
            self.properties.setdefault(code, {}).setdefault(name, []).append(value)

    @property
    def is_complete(self) -> bool:
        """Whether all codes are known."""
        return self.content == COMPLETE

    def written(self, code: str) -> str | None:
        """The code as the system writes it, or None where it is not known."""
        if code in self.names:
            return code
        if stands_for := pattern_of(self.url, code):
            return stands_for
        return self._folded.get(code.casefold()) if self.any_case else None

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return {code.casefold(): code for code in self.names}

    def has(self, code: str) -> bool | None:
        """Whether the system has the code."""
        if self.written(code) is not None:
            return True
        return False if self.is_complete else None

    def is_inactive(self, code: str) -> bool:
        """Whether the concept is there but not to be used any more."""
        known = self.properties.get(code, {})
        return "true" in known.get("inactive", ()) or not _INACTIVE.isdisjoint(
            known.get("status", ())
        )

    def knows(self, name: str) -> bool:
        """Whether filters may ask for a property of that name."""
        return name in self.declared or name in OF_ALL or name in self._used

    @cached_property
    def _used(self) -> frozenset[str]:
        return frozenset(name for of_code in self.properties.values() for name in of_code)

    def keeps(self, code: str, name: str, operator: str, value: str) -> bool | None:
        """Whether a filter keeps a concept; None where that cannot be known.

        code: as `written` gives it. name, operator, value: of ValueSet.compose.include.filter.
        """
        if name in _IDENTITY and operator in _RELATIONS:
            return self._related(code, operator, value)
        if not self.knows(name):
            return None
        test = _TESTS.get(operator)
        return None if test is None else test(list(self._values(code, name)), value)

    def _related(self, code: str, operator: str, value: str) -> bool | None:
        found = _RELATIONS[operator](self, code, self.written(value) or value)
        # a fragment may leave the steps in between out
        return found if found or self.is_complete else None

    def ancestors(self, code: str) -> set[str]:
        """All that a concept descends from, itself left out unless it is in a circle."""
        found: set[str] = set()
        todo = [code]
        while todo:
            for parent in self.parents.get(todo.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found

    @cached_property
    def inner(self) -> frozenset[str]:
        """The codes that have others below them."""
        return frozenset(parent for parents in self.parents.values() for parent in parents)

    def _values(self, code: str, name: str) -> Iterator[str]:
        if name in _IDENTITY:
            yield code
        elif name == "display":
            yield from self.names[code][:1]
        elif name == "parent":
            yield from sorted(self.parents.get(code, ()))
        elif name == "child":
            yield from sorted(c for c, parents in self.parents.items() if code in parents)
        else:
            yield from self.properties.get(code, {}).get(name, ())


def pattern_of(url: str, code: str) -> str:
    """The code that another one is a form of, or "": NNFIN is one of NNxxx, for all countries."""
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


def _is_a(concepts: Concepts, code: str, value: str) -> bool:
    return code == value or value in concepts.ancestors(code)


def _leaf(concepts: Concepts, code: str, value: str) -> bool:
    return value in concepts.ancestors(code) and code not in concepts.inner


_RELATIONS: Final[dict[str, Callable[[Concepts, str, str], bool]]] = {
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
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else ()
