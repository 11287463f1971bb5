"""What is known of codes: from what was given, from what ships, from a terminology server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from fhir_kb.packages.codesystems import code_systems, value_sets
from fhir_kb.terminology.concepts import Concepts
from fhir_kb.terminology.grammars import grammar
from fhir_kb.terminology.logic import any_of
from fhir_kb.terminology.membership import Coded, by_grammar, is_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions, ValueSetCodes

_MEMORY: Final = 8192
_OWN: Final = "http://hl7.org/fhir/"
#: Names under which FHIR speaks of value sets of its own.
_ALIASES: Final = {
    "http://www.rfc-editor.org/bcp/bcp13.txt": "http://hl7.org/fhir/ValueSet/mimetypes"
}
_SUPPLEMENT: Final = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"


class Server(Protocol):
    """A terminology server; every answer may be None: it does not know, or does not answer."""

    @property
    def problem(self) -> str:
        """What went wrong first, in one sentence without secrets; "" where nothing did."""

    def contains(
        self, value_set: str, coded: Coded, definition: Mapping[str, Any] | None = None
    ) -> bool | None:
        """Whether a value set has a code; definition: the ValueSet, where the server may not."""

    def has_code(self, system: str, code: str, version: str = "") -> bool | None:
        """Whether a code system has a code."""

    def names(self, system: str, code: str) -> tuple[str, ...] | None:
        """The displays of a code, the preferred one first."""


class Terminology:
    """Value sets and code systems, as a validator asks for them.

    canonicals: ValueSets and CodeSystems of the user, looked up first; None: there are none.
    definitions: says the release, whose own code systems and value sets ship. server: asked for
    what cannot be known without one. Answers are remembered; making one costs nothing.
    """

    def __init__(
        self,
        canonicals: Canonicals | None,
        definitions: Definitions,
        server: Server | None = None,
    ) -> None:
        self._canonicals = canonicals
        self._definitions = definitions
        self._server = server
        self._value_sets: dict[str, Mapping[str, Any] | None] = {}
        self._systems: dict[tuple[str, str], Concepts | None] = {}
        self._answers: dict[tuple[str, str | None, str, str], bool | None] = {}
        self._is_told = False

    @property
    def has_server(self) -> bool:
        """Whether there is a server to ask."""
        return self._server is not None

    def news(self) -> str:
        """What went wrong with the server, said once; "" afterwards and where all is well."""
        if self._is_told or self._server is None or not self._server.problem:
            return ""
        self._is_told = True
        return self._server.problem

    def contains(
        self, value_set: str, system: str | None, code: str, version: str = ""
    ) -> bool | None:
        """Whether the code is in the value set ("url" or "url|version").

        system: None for a plain code, whose system follows from the value set; "" for a Coding
        without one, which is in no value set. version: the Coding's, of its code system. None where
        it cannot be known: the value set or a code system in it is not at hand.
        """
        asked = (value_set, system, code, version)
        if asked not in self._answers:
            if len(self._answers) >= _MEMORY:
                self._answers.clear()
            self._answers[asked] = self._contains(value_set, Coded(system, code, version))
        return self._answers[asked]

    def _contains(self, canonical: str, coded: Coded) -> bool | None:
        if coded.system == "":
            return False
        known = self.value_set(canonical)
        if known is None:
            return self._elsewhere(canonical, coded)
        found = is_member(known, coded, self, self._elsewhere)
        if found is None and self._server is not None:
            is_given = self._find(canonical, "ValueSet") is not None
            return self._server.contains(canonical, coded, known if is_given else None)
        return found

    def _elsewhere(self, canonical: str, coded: Coded) -> bool | None:
        """The answer about a value set whose definition is not known."""
        url = canonical.partition("|")[0]
        if (listed := self._definitions.value_set(url)) is not None:
            return _is_listed(listed, coded)
        return None if self._server is None else self._server.contains(canonical, coded)

    def value_set(self, canonical: str) -> Mapping[str, Any] | None:
        """The ValueSet with that canonical, the user's or one that ships; None: not known."""
        canonical = _ALIASES.get(canonical, canonical)
        if canonical not in self._value_sets:
            found = self._find(canonical, "ValueSet")
            if found is None:
                url = canonical.partition("|")[0]
                found = value_sets(self._definitions.fhir_version).get(url)
            self._value_sets[canonical] = found
        return self._value_sets[canonical]

    def included_version(self, canonical: str, system: str) -> str:
        """Which version of a code system a value set includes; "" where it does not say.

        FHIR's own value sets mean FHIR's own code systems of the same release.
        """
        known = self.value_set(canonical)
        compose = known.get("compose") if known is not None else None
        includes = compose.get("include") if isinstance(compose, dict) else None
        for one in includes if isinstance(includes, list) else ():
            if isinstance(one, dict) and one.get("system") == system:
                if isinstance(version := one.get("version"), str):
                    return version
                is_own = system.startswith(_OWN) and canonical.startswith(_OWN + "ValueSet/")
                return self._definitions.fhir_version if is_own else ""
        return ""

    def concepts(self, system: str, version: str = "") -> Concepts | None:
        """The code system with that url, if possible in that version; None: not known."""
        key = (system, version)
        if key not in self._systems:
            self._systems[key] = self._concepts(system, version)
        return self._systems[key]

    def _concepts(self, system: str, version: str) -> Concepts | None:
        given = self._find(f"{system}|{version}" if version else system, "CodeSystem")
        if given is None and version:
            given = self._find(system, "CodeSystem")
        if given is not None:
            made = Concepts.of(given)
            if made.content != "supplement":
                return made
        shipped = code_systems(self._definitions.fhir_version).get(system)
        return None if shipped is None else Concepts.shipped(shipped)

    def has_code(self, system: str, code: str, version: str = "") -> bool | None:
        """Whether the code system has the code; None where its codes are not all known."""
        known = self.concepts(system, version)
        found = by_grammar(system, code) if known is None else known.has(code)
        if found is None and self._server is not None:
            return self._server.has_code(system, code, version)
        return found

    def display(self, system: str, code: str) -> str | None:
        """The preferred display of a code; None where the code or a display is not known."""
        found = self.names(system, code)
        return found[0] if found else None

    def names(self, system: str, code: str, value_set: str = "") -> tuple[str, ...] | None:
        """All displays of a code, the preferred one first; None where the code is not known.

        value_set: its supplements to code systems count too.
        """
        known = self.concepts(system)
        written = None if known is None else known.written(code)
        if known is None or written is None:
            return None if self._server is None else self._server.names(system, code)
        found = known.names[written]
        for url in self._supplements(value_set):
            more = self._find(url, "CodeSystem")
            if more is not None and str(more.get("supplements", "")).partition("|")[0] == system:
                found += _supplemented(more, written)
        return found

    def _supplements(self, value_set: str) -> tuple[str, ...]:
        known = self.value_set(value_set) if value_set else None
        extensions = known.get("extension") if known is not None else None
        return tuple(
            str(one.get("valueCanonical", ""))
            for one in (extensions if isinstance(extensions, list) else ())
            if isinstance(one, dict) and one.get("url") == _SUPPLEMENT
        )

    def _find(self, canonical: str, resource_type: str) -> Mapping[str, Any] | None:
        if self._canonicals is None:
            return None
        return self._canonicals.find(canonical, resource_type)


def _supplemented(supplement: Mapping[str, Any], code: str) -> tuple[str, ...]:
    made = Concepts("", "", "supplement")
    made.add({**supplement, "content": "complete"})
    return made.names.get(code, ())


def _is_listed(codes: ValueSetCodes, coded: Coded) -> bool | None:
    """The answer of a value set that ships as a list."""
    if coded.system is not None:
        if coded.code in codes.systems.get(coded.system, ()):
            return True
        name = codes.checkers.get(coded.system)
        return False if name is None else _tested(name, coded.code)
    if coded.code in codes.all_codes():
        return True
    return any_of(_tested(name, coded.code) for name in codes.checkers.values())


def _tested(name: str, code: str) -> bool | None:
    test = grammar(name)
    return None if test is None else test(code)
