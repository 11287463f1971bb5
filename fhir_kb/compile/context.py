"""What the compilers of one topic share: names, canonicals, concepts, references."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.compile.build import element
from fhir_kb.diagnostics import Diagnostic, Severity
from fhir_kb.model import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import Activity
    from fhir_kb.model.concept import Code, Concept, Meaning
    from fhir_kb.model.evidence import Evidence
    from fhir_kb.model.knowledge import Base, Source
    from fhir_kb.model.reference import Reference
    from fhir_kb.model.topic import Library, Topic

MAX_ID: Final = 64
# The keys of a concept that name a code system.
_SHORT: Final = (
    ("snomed", "snomed"),
    ("loinc", "loinc"),
    ("rxnorm", "rxnorm"),
    ("icd_10", "icd-10"),
    ("atc", "atc"),
)


@dataclass
class Context:
    """One topic being compiled, and the findings on the way."""

    source: Source
    base: Base
    findings: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        topic = self.source.topic
        self.topic: Topic = topic
        self.id = str(topic.topic)
        self.version = str(topic.version or self.base.settings.version)
        self.root = self.base.settings.canonical.rstrip("/")
        self.concepts: dict[str, Concept] = dict(self.base.concepts)
        self.concepts.update({str(one.name): one for one in topic.concepts})
        self.references: dict[str, Reference] = {str(one.id): one for one in self.source.references}
        self.activities: dict[str, Activity] = {str(one.id): one for one in topic.activities}
        self.evidence: dict[str, Evidence] = {str(one.id): one for one in topic.evidence}
        self.libraries: dict[str, Library] = {str(one.id): one for one in topic.libraries}
        self.value_sets = {str(one.id) for one in topic.value_sets}
        self.code_systems = {str(one.id) for one in topic.code_systems}

    def name(self, *parts: str) -> str:
        """The FHIR id of something in the topic: `<topic>-<name>`, cut with a hash past 64."""
        whole = "-".join((self.id, *parts))
        if len(whole) <= MAX_ID:
            return whole
        mark = hashlib.sha256(whole.encode()).hexdigest()[:8]
        return f"{whole[: MAX_ID - 9].rstrip('-')}-{mark}"

    def url(self, kind: str, *parts: str) -> str:
        """The canonical URL of something in the topic."""
        return f"{self.root}/{kind}/{self.name(*parts)}"

    def canonical(self, kind: str, *parts: str) -> str:
        """The canonical with its version: `url|version`."""
        return f"{self.url(kind, *parts)}|{self.version}"

    def topic_canonical(self, name: Text, kind: str = "PlanDefinition") -> str | None:
        """The canonical of another topic, or `name` itself where it is a URL."""
        if ":" in name:
            return str(name)
        entry = self.base.directory.get(str(name))
        if entry is None:
            self.missing("topic", name)
            return None
        return f"{self.root}/{kind}/{entry.id}|{entry.version}"

    def missing(self, kind: str, name: Text) -> None:
        """Note a name that leads nowhere; the rules should have said so before."""
        message = f"there is no {kind} '{name}'"
        self.findings.append(Diagnostic("KB399", Severity.ERROR, message, name.span))

    def say(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        """Note a finding."""
        self.findings.append(Diagnostic(code, Severity.ERROR, message, span, help=advice))

    # Concepts

    def system(self, name: Text) -> str:
        """The URL of a code system from its short name."""
        short = str(name)
        if short in words.SYSTEMS:
            return words.SYSTEMS[short]
        if short in self.code_systems:
            return self.url("CodeSystem", short)
        for known in self.base.settings.systems:
            if known.name == short:
                return str(known.url)
        if ":" not in short:
            self.missing("code system", name)
        return short

    def codings(self, meant: Concept | Meaning) -> list[Element]:
        """The codes that a concept has."""
        found = []
        for attribute, system in _SHORT:
            code: Text | None = getattr(meant, attribute)
            if code is not None:
                found.append(element(code.span, system=words.SYSTEMS[system], code=code))
        found.extend(self.code(one) for one in meant.codes)
        return found

    def code(self, code: Code) -> Element:
        """A Coding of the author's."""
        return element(
            code.span, system=self.system(code.system), code=code.code, display=code.display
        )

    def named(self, name: Text) -> Element:
        """The CodeableConcept of a concept's name, at the place where it is used."""
        concept = self.concepts.get(str(name))
        if concept is None:
            self.missing("concept", name)
            return element(name.span, text=name)
        return element(name.span, coding=self.codings(concept), text=str(concept.text))

    def words_of(self, name: Text) -> str:
        """How a concept reads."""
        concept = self.concepts.get(str(name))
        return str(concept.text if concept else name)

    def meaning(self, meant: Meaning) -> Element:
        """The CodeableConcept of a meaning: a concept's, plus what is written in place."""
        own = self.codings(meant)
        if meant.concept is None:
            return element(meant.span, coding=own, text=meant.text)
        concept = self.named(meant.concept)
        if own:
            concept["coding"] = [*concept.get("coding", ()), *own]
        if meant.text is not None:
            concept["text"] = str(meant.text)
            concept.spans["text"] = meant.text.span
        return concept

    def meanings(self, meant: Iterable[Meaning]) -> list[Element]:
        """The CodeableConcepts of meanings."""
        return [self.meaning(one) for one in meant]

    def reads(self, meant: Meaning) -> str:
        """How a meaning reads."""
        if meant.text is not None:
            return str(meant.text)
        if meant.concept is not None:
            return self.words_of(meant.concept)
        return ", ".join(f"{one['system']}|{one['code']}" for one in self.codings(meant))


def machine_name(title: str) -> str:
    """A name that programs can use, from a title: letters and digits, a capital first (cnl-0)."""
    found = "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", title))
    if not found[:1].isalpha():
        found = f"Topic{found}"
    return found[:255]
