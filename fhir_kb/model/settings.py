"""kb.yaml: what holds for the whole knowledge base."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.concept import Meaning
from fhir_kb.model.fhir_release import NAMES
from fhir_kb.model.record import Keyed, OneOf, Pattern, Record, doc, record
from fhir_kb.model.text import Country, Date, Id, Language, Markdown, Text, Uri

_RELEASES = OneOf({name: name for name in NAMES})
SEMVER = Pattern(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?",
    "a semantic version",
    "three numbers: '1.0.0'",
)


@record
class Contact(Record):
    """Whom to ask: a person, a team or an organization."""

    SHORTHAND: ClassVar[str | None] = "name"

    name: Text = doc("The name.")
    url: Uri | None = doc("A page about them.", default=None)
    email: Text | None = doc("An e-mail address.", default=None)


@record
class Dependency(Record):
    """A FHIR package that this one stands on."""

    KEYED: ClassVar[str | None] = "name"
    SHORTHAND: ClassVar[str | None] = "version"

    name: Text = doc("The package's name.", example="hl7.fhir.uv.cpg")
    version: Text = doc("The version.", example="2.0.0")
    releases: tuple[Annotated[Text, _RELEASES], ...] = doc(
        "The FHIR releases whose package has the dependency; all if left out.", default=()
    )


@record
class Package(Record):
    """The FHIR package (.tgz) that `build` makes."""

    name: Annotated[Text, Pattern(r"[a-z0-9]+([.-][a-z0-9]+)+", "a FHIR package name")] | None = (
        doc(
            "Its name, without the release, which is added (`.r4`).",
            default=None,
            example="org.example.kb",
        )
    )
    dependencies: Annotated[tuple[Dependency, ...], Keyed()] = doc(
        "Packages that it depends on: name and version.", default=()
    )


@record
class Settings(Record):
    """kb.yaml: settings of the knowledge base; a topic may say otherwise for itself."""

    id: Id = doc("The name of the knowledge base.", example="ward-kb")
    title: Text = doc("Its title.")
    description: Markdown | None = doc("What it holds, in a sentence or two.", default=None)
    canonical: Uri = doc(
        "The base of every canonical URL: an artifact is at `<canonical>/<Type>/<id>`. "
        "Choose it once; it need not be a web address, but should be yours.",
        example="https://ward-kb.example/fhir",
    )
    version: Annotated[Text, SEMVER] = doc("The version of what a topic gives none for.")
    status: Annotated[Text, OneOf(code_words.STATUS)] = doc("How far it is.", default=None)
    experimental: bool = doc("True: for trying out, not for care.", default=False)
    date: Date = doc("When it was last changed in substance; topics may say later dates.")
    publisher: Text = doc("The organization that publishes it.")
    contact: tuple[Contact, ...] = doc("Whom to ask.", default=())
    language: Language = doc("The language of the texts (BCP 47).", default=None, example="en")
    audience: tuple[Meaning, ...] = doc("Whom the pages are for.", default=())
    jurisdiction: tuple[Country, ...] = doc(
        "Countries it is meant for (ISO 3166, two letters), or `world`.", default=()
    )
    copyright: Markdown | None = doc("The copyright statement.", default=None)
    license: Text | None = doc("An SPDX licence identifier.", default=None, example="CC-BY-4.0")
    disclaimer: Markdown | None = doc("What readers have to bear in mind.", default=None)
    funding: Markdown | None = doc(
        "Who paid, and what it had to do with the content.", default=None
    )
    releases: tuple[Annotated[Text, _RELEASES], ...] = doc(
        "The FHIR releases to publish.", default=()
    )
    systems: Annotated[tuple[System, ...], Keyed()] = doc(
        "Short names of further code systems.", default=()
    )
    r4_citations: Annotated[Text, OneOf({"text": "text", "basic": "basic"})] | None = doc(
        "R4 has no Citation: `text` keeps each reference readable where it is used; `basic` adds "
        "a Basic resource that holds the whole of it.",
        default=None,
    )
    package: Package | None = doc("The FHIR package.", default=None)
    registry: Uri | None = doc(
        "The address of the registry (npm's protocol) that has the packages of `dependencies`.",
        default=None,
    )
    targets: Annotated[tuple[PushTarget, ...], Keyed()] = doc(
        "FHIR servers to publish to, by name; credentials belong in your own login file, never "
        "here.",
        default=(),
    )
    rules: Annotated[tuple[Switch, ...], Keyed()] = doc(
        "Warnings to leave out or to take for errors, by code: `{KB307: off, KB312: error}`.",
        default=(),
    )


_FIELD = Pattern(
    r"(\*|[A-Z][A-Za-z]+)(\.[a-z][A-Za-z0-9]*)+", "an element, such as ActivityDefinition.location"
)


@record
class PushTarget(Record):
    """A FHIR server, and what holds for publishing to it."""

    KEYED: ClassVar[str | None] = "name"
    SHORTHAND: ClassVar[str | None] = "url"

    name: Id = doc("What it is called on the command line.", example="ward-a")
    url: Uri = doc("Its base address.", example="https://fhir.example.org/r4")
    fhir: Annotated[Text, _RELEASES] | None = doc(
        "The FHIR release that it must have; if left out, the one that it declares.", default=None
    )
    ids: Annotated[Text, OneOf({"versioned": "versioned", "plain": "plain"})] | None = doc(
        "The ids on the server: `versioned` (the default), with the version, so that several "
        "versions are kept; or `plain`, as in the definitions, so that a new version replaces the "
        "old one.",
        default=None,
    )
    keep: tuple[Annotated[Text, _FIELD], ...] = doc(
        "Elements that belong to the server's owner: a push keeps their values. `*` is any type.",
        default=(),
        example=["*.useContext", "ActivityDefinition.location"],
    )
    ignore: tuple[Annotated[Text, _FIELD], ...] = doc(
        "Elements whose differences do not count.", default=(), example=["*.text"]
    )
    most_changes: int | None = doc(
        "The share of the recorded resources, in percent, that one push may change without "
        "approval; 30 if left out, and 50 of what it retires or deletes.",
        default=None,
    )
    entries: int | None = doc("At most so many resources a request; 200 if left out.", default=None)
    at_once: int | None = doc("At most so many requests at once; 4 if left out.", default=None)
    ca: Text | None = doc(
        "A file with certificates (PEM) to trust, below the definitions.", default=None
    )
    proxy: Uri | None = doc(
        "The proxy; if left out, the one that the environment names (such as HTTPS_PROXY).",
        default=None,
    )


@record
class Switch(Record):
    """How seriously a rule is taken in this knowledge base."""

    KEYED: ClassVar[str | None] = "code"
    SHORTHAND: ClassVar[str | None] = "as_"

    code: Annotated[Text, Pattern(r"KB[0-9]{3}", "the code of a rule")] = doc("The rule's code.")
    as_: Annotated[Text, OneOf(code_words.TAKEN)] = doc("How its findings are taken.")


@record
class System(Record):
    """A short name of a code system."""

    KEYED: ClassVar[str | None] = "name"
    SHORTHAND: ClassVar[str | None] = "url"

    name: Id = doc("The short name.")
    url: Uri = doc("The canonical URL of the code system.")
