"""Terminology service: the user's resources, then those of the release, then a server (--tx).

http://hl7.org/fhir/terminology-service.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from fhir_kb.packages.core.code_systems import code_systems, value_sets
from fhir_kb.terminology.concepts import CodeSystemConcepts
from fhir_kb.terminology.grammars import grammar_check
from fhir_kb.terminology.membership import Coding, is_member, matches_grammar
from fhir_kb.terminology.three_valued import any_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions, ValueSetCodes

_MAX_ANSWERS: Final = 8192
_OWN: Final = "http://hl7.org/fhir/"
#: URLs by which FHIR refers to value sets of its own.
_ALIASES: Final = {
    "http://www.rfc-editor.org/bcp/bcp13.txt": "http://hl7.org/fhir/ValueSet/mimetypes"
}
_SUPPLEMENT: Final = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"


class TerminologyServer(Protocol):
    """A terminology server; every answer may be None: unknown, or no usable response."""

    @property
    def problem(self) -> str:
        """The first failure in one sentence, without secrets; "" if there was none."""

    def contains(
        self, value_set: str, coding: Coding, definition: Mapping[str, Any] | None = None
    ) -> bool | None:
        """Whether a value set has a code; definition: the ValueSet, if the server may lack it."""

    def has_code(self, system: str, code: str, version: str = "") -> bool | None:
        """Whether a code system has a code."""

    def displays(self, system: str, code: str) -> tuple[str, ...] | None:
        """The displays of a code, the preferred one first."""


class TerminologyService:
    """Answers what codes mean and which value sets they are in; answers are cached."""

    def __init__(
        self,
        canonicals: Canonicals | None,
        definitions: Definitions,
        server: TerminologyServer | None = None,
    ) -> None:
        """Set up the service; nothing is read or sent yet.

        Args:
            canonicals: ValueSets and CodeSystems of the user, looked up first.
            definitions: of the release, whose own code systems and value sets come next.
            server: asked only for what cannot be decided offline.
        """
        self._canonicals = canonicals
        self._definitions = definitions
        self._server = server
        self._value_sets: dict[str, Mapping[str, Any] | None] = {}
        self._systems: dict[tuple[str, str], CodeSystemConcepts | None] = {}
        self._supplemented: dict[str, str | None] = {}
        self._answers: dict[tuple[str, str | None, str, str], bool | None] = {}
        self._is_reported = False

    @property
    def has_server(self) -> bool:
        """Whether a terminology server is configured."""
        return self._server is not None

    def unreported_problem(self) -> str:
        """The server's first failure, returned once; "" afterwards and if there was none."""
        if self._is_reported or self._server is None or not self._server.problem:
            return ""
        self._is_reported = True
        return self._server.problem

    def contains(
        self, value_set: str, system: str | None, code: str, version: str = ""
    ) -> bool | None:
        """Whether the code is in the value set.

        Args:
            value_set: "url" or "url|version".
            system: None for a plain code, whose system follows from the value set; "" for a
                Coding without a system, which is in no value set.
            code: the code.
            version: Coding.version, the version of the code system.

        Returns:
            None where it cannot be decided, because the value set or one of its code systems is
            not available.
        """
        key = (value_set, system, code, version)
        if key not in self._answers:
            if len(self._answers) >= _MAX_ANSWERS:
                self._answers.clear()
            self._answers[key] = self._contains(value_set, Coding(system, code, version))
        return self._answers[key]

    def is_in(
        self, definition: Mapping[str, Any], system: str | None, code: str, version: str = ""
    ) -> bool | None:
        """Whether a code is in a ValueSet that is given, such as a contained one; see contains."""
        if system == "":
            return False
        coding = Coding(system, code, version)
        is_contained = is_member(definition, coding, self, self._from_release_or_server)
        if is_contained is None and self._server is not None:
            return self._server.contains("", coding, definition)
        return is_contained

    def _contains(self, canonical: str, coding: Coding) -> bool | None:
        if coding.system == "":
            return False
        definition = self.value_set(canonical)
        if definition is None:
            return self._from_release_or_server(canonical, coding)
        is_contained = None
        if self.missing_supplement(definition) is None:
            is_contained = is_member(definition, coding, self, self._from_release_or_server)
        if is_contained is None and self._server is not None:
            is_given = self._find(canonical, "ValueSet") is not None
            return self._server.contains(canonical, coding, definition if is_given else None)
        return is_contained

    def _from_release_or_server(self, canonical: str, coding: Coding) -> bool | None:
        """The answer for a value set without a definition: the release's list, or the server."""
        url = canonical.partition("|")[0]
        if (listed := self._definitions.value_set(url)) is not None:
            return _is_listed(listed, coding)
        return None if self._server is None else self._server.contains(canonical, coding)

    def value_set(self, canonical: str) -> Mapping[str, Any] | None:
        """The ValueSet with that canonical, the user's or the release's; None if not available."""
        canonical = _ALIASES.get(canonical, canonical)
        if canonical not in self._value_sets:
            resource = self._find(canonical, "ValueSet")
            if resource is None:
                url = canonical.partition("|")[0]
                resource = value_sets(self._definitions.fhir_version).get(url)
            self._value_sets[canonical] = resource
        return self._value_sets[canonical]

    def included_version(self, canonical: str, system: str) -> str:
        """The version of a code system that a value set includes; "" if it names none.

        FHIR's own value sets mean FHIR's own code systems of the same release.
        """
        value_set = self.value_set(canonical)
        compose = value_set.get("compose") if value_set is not None else None
        includes = compose.get("include") if isinstance(compose, dict) else None
        for include in includes if isinstance(includes, list) else ():
            if isinstance(include, dict) and include.get("system") == system:
                if isinstance(version := include.get("version"), str):
                    return version
                is_own = system.startswith(_OWN) and canonical.startswith(_OWN + "ValueSet/")
                return self._definitions.fhir_version if is_own else ""
        return ""

    def code_system(self, system: str, version: str = "") -> CodeSystemConcepts | None:
        """The code system with that URL, if possible in that version; None if not available."""
        key = (system, version)
        if key not in self._systems:
            self._systems[key] = self._load_code_system(system, version)
        return self._systems[key]

    def supplemented(self, system: str) -> str | None:
        """The code system that a supplement with this url adds to; None where it is none."""
        if system not in self._supplemented:
            self._supplemented[system] = self._load_supplemented(system)
        return self._supplemented[system]

    def _load_supplemented(self, system: str) -> str | None:
        resource = self._find(system, "CodeSystem")
        if resource is None or resource.get("content") != "supplement":
            return None
        return str(resource.get("supplements", "")).partition("|")[0]

    def _load_code_system(self, system: str, version: str) -> CodeSystemConcepts | None:
        resource = self._find(f"{system}|{version}" if version else system, "CodeSystem")
        if resource is None and version:
            resource = self._find(system, "CodeSystem")
        if resource is not None:
            concepts = CodeSystemConcepts.from_resource(resource)
            if concepts.content != "supplement":
                return concepts
        shipped = code_systems(self._definitions.fhir_version).get(system)
        return None if shipped is None else CodeSystemConcepts.from_code_system(shipped)

    def has_code(self, system: str, code: str, version: str = "") -> bool | None:
        """Whether the code system has the code; None where not all of its codes are available."""
        concepts = self.code_system(system, version)
        is_defined = None if concepts is None else concepts.has_code(code)
        if is_defined is None:
            is_defined = matches_grammar(system, code)
        if is_defined is None and self._server is not None:
            return self._server.has_code(system, code, version)
        return is_defined

    def display(self, system: str, code: str) -> str | None:
        """The preferred display of a code; None where the code or its display is unknown."""
        displays = self.displays(system, code)
        return displays[0] if displays else None

    def displays(self, system: str, code: str, value_set: str = "") -> tuple[str, ...] | None:
        """All displays of a code, the preferred one first; None where the code is unknown.

        value_set: its supplements to the code system are included.
        """
        concepts = self.code_system(system)
        defined_code = None if concepts is None else concepts.find_code(code)
        if concepts is None or defined_code is None:
            return None if self._server is None else self._server.displays(system, code)
        displays = concepts.displays[defined_code]
        for url in self._supplements(value_set):
            supplement = self._find(url, "CodeSystem") or {}
            if str(supplement.get("supplements", "")).partition("|")[0] == system:
                displays += _supplement_displays(supplement, defined_code)
        return displays

    def _supplements(self, value_set: str) -> tuple[str, ...]:
        resource = self.value_set(value_set) if value_set else None
        return () if resource is None else _supplements_of(resource)

    def missing_supplement(self, value_set: Mapping[str, Any]) -> str | None:
        """The first supplement that a ValueSet needs and that is not at hand; None: all are.

        Without it nobody may say what is in the value set:
        http://hl7.org/fhir/extensions/StructureDefinition-valueset-supplement.html
        """
        return next(
            (url for url in _supplements_of(value_set) if self._find(url, "CodeSystem") is None),
            None,
        )

    def _find(self, canonical: str, resource_type: str) -> Mapping[str, Any] | None:
        if self._canonicals is None:
            return None
        return self._canonicals.find(canonical, resource_type)


def _supplements_of(value_set: Mapping[str, Any]) -> tuple[str, ...]:
    """The supplements that a ValueSet needs."""
    extensions = value_set.get("extension")
    return tuple(
        str(extension.get("valueCanonical", ""))
        for extension in (extensions if isinstance(extensions, list) else ())
        if isinstance(extension, dict) and extension.get("url") == _SUPPLEMENT
    )


def _supplement_displays(supplement: Mapping[str, Any], code: str) -> tuple[str, ...]:
    concepts = CodeSystemConcepts("", "", "supplement")
    concepts.add({**supplement, "content": "complete"})
    return concepts.displays.get(code, ())


def _is_listed(codes: ValueSetCodes, coding: Coding) -> bool | None:
    """Whether a code is in a value set of the release that is stored as a list."""
    if coding.system is not None:
        if coding.code in codes.systems.get(coding.system, ()):
            return True
        name = codes.checkers.get(coding.system)
        return False if name is None else _follows_grammar(name, coding.code)
    if coding.code in codes.all_codes():
        return True
    return any_of(_follows_grammar(name, coding.code) for name in codes.checkers.values())


def _follows_grammar(name: str, code: str) -> bool | None:
    test = grammar_check(name)
    return None if test is None else test(code)
