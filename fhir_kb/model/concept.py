"""Concepts: what is meant, with the codes that public sources confirm."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model.record import Keyed, Names, Record, doc, record
from fhir_kb.model.text import CodeText, Id, Markdown, Text, Uri


@record
class Code(Record):
    """A code of a code system."""

    system: Text = doc(
        "The code system: a short name (`snomed`, `loinc`, `rxnorm`, `icd-10`, `atc`, `ucum`, …), "
        "the name of a code system of this knowledge base, or its canonical URL.",
        example="snomed",
    )
    code: CodeText = doc(
        "The code, as the code system writes it; its display may follow in bars: "
        "`279039007 |Low back pain|`.",
        example="279062009",
    )
    display: Text | None = doc("The code system's own words for it.", default=None)


@record
class Concept(Record):
    """A concept: its words, and its codes where a source confirms them."""

    KEYED: ClassVar[str | None] = "name"

    name: Id | None = doc("The name it is used by.", default=None)
    text: Text = doc("The words that people read.", example="Myofascial pain")
    definition: Markdown | None = doc("What is meant, in a sentence or two.", default=None)
    snomed: CodeText | None = doc(
        "A SNOMED CT concept id; its display may follow: `279039007 |Low back pain|`.",
        default=None,
        example="279062009",
    )
    loinc: CodeText | None = doc("A LOINC code.", default=None)
    rxnorm: CodeText | None = doc("An RxNorm code.", default=None)
    icd_10: CodeText | None = doc("An ICD-10 code.", default=None)
    atc: CodeText | None = doc("An ATC code.", default=None)
    codes: tuple[Code, ...] = doc("Codes of any code system.", default=())


@record
class Meaning(Record):
    """Where a concept is meant: the name of one, or one written in place."""

    SHORTHAND: ClassVar[str | None] = "concept"

    concept: Annotated[Text, Names("concept")] | None = doc(
        "The name of a concept of the topic or of concepts.yaml.", default=None
    )
    text: Text | None = doc("The words, where it needs no name of its own.", default=None)
    snomed: CodeText | None = doc(
        "A SNOMED CT concept id; its display may follow: `279039007 |Low back pain|`.", default=None
    )
    loinc: CodeText | None = doc("A LOINC code.", default=None)
    rxnorm: CodeText | None = doc("An RxNorm code.", default=None)
    icd_10: CodeText | None = doc("An ICD-10 code.", default=None)
    atc: CodeText | None = doc("An ATC code.", default=None)
    codes: tuple[Code, ...] = doc("Codes of any code system.", default=())


@record
class Concepts(Record):
    """concepts.yaml: the concepts that every topic may use."""

    SHORTHAND: ClassVar[str | None] = "concepts"

    concepts: Annotated[tuple[Concept, ...], Keyed()] = doc("Each concept by its name.")


@record
class CodeDefinition(Record):
    """A code of a code system of one's own."""

    KEYED: ClassVar[str | None] = "code"
    SHORTHAND: ClassVar[str | None] = "display"

    code: Text = doc("The code.")
    display: Text = doc("How it reads.")
    definition: Text | None = doc("What it means.", default=None)
    codes: Annotated[tuple[CodeDefinition, ...], Keyed()] = doc("Narrower codes.", default=())


@record
class CodeSystem(Record):
    """A code system of one's own, for what no public code system says."""

    KEYED: ClassVar[str | None] = "id"

    id: Id = doc("The name it is used by.")
    title: Text = doc("Its title.")
    text: Markdown | None = doc("What it is for.", default=None)
    codes: Annotated[tuple[CodeDefinition, ...], Keyed()] = doc("Its codes.")


@record
class Filter(Record):
    """A condition on the codes of a system, as ValueSet.compose.include.filter has it."""

    property: Text = doc("The property that is looked at.", example="concept")
    op: Text = doc("The comparison.", example="is-a")
    value: Text = doc("What it is compared with.")


@record
class Include(Record):
    """Codes that a value set takes in or leaves out."""

    SHORTHAND: ClassVar[str | None] = "concept"

    concept: Annotated[Text, Names("concept")] | None = doc(
        "A concept: all its codes are meant.", default=None
    )
    system: Text | None = doc("A code system, as in `codes`.", default=None)
    version: Text | None = doc("The version of the code system.", default=None)
    codes: Annotated[tuple[CodeDefinition, ...], Keyed()] = doc(
        "Codes of that system, each with its display; none means all.", default=()
    )
    filter: tuple[Filter, ...] = doc("Conditions on the codes of that system.", default=())
    value_sets: tuple[Uri, ...] = doc("Value sets whose codes are meant.", default=())


@record
class ValueSet(Record):
    """A value set of one's own."""

    KEYED: ClassVar[str | None] = "id"

    id: Id = doc("The name it is used by.")
    title: Text = doc("Its title.")
    text: Markdown | None = doc("What it is for.", default=None)
    include: tuple[Include, ...] = doc("What belongs to it.")
    exclude: tuple[Include, ...] = doc("What does not, though included.", default=())
