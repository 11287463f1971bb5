"""The kinds of findings about releases: what each means, for `fhir-kb explain`."""

from __future__ import annotations

from fhir_kb.diagnostics import Code, Severity

_NOT_IN_RELEASE = """\
A release has no resource of this type.

R4 has no Citation. What a reader needs of a reference stands wherever it is used, in
`relatedArtifact.citation` and `document`. A knowledge base that wants its references to be
resources in R4 as well sets `citations: basic`; each becomes a Basic then, with the standard
cross-version extension.
"""
_AS_BASIC = """\
A resource becomes a Basic, because the release has no such type.

All of it is kept in HL7's cross-version extension for the type (`extension-ArtifactAssessment`,
`extension-Citation`); the Basic's `code` names the R5 type, its `identifier` is what it can be
found by. Comments of an assessment also stand in `cqf-artifactComment`, which R4 tools show.
"""
_EXTENSION = """\
An element is kept in an extension, because the release has no element for it.

Nothing is lost: the extension is a standard one (HL7's cross-version extensions), and systems that
know R5 read it. Systems that do not will not show it. It is said once for each kind of element in a
resource. Administrative elements (copyright label, version algorithm, dates …) are kept in the same
way without a word; `docs/releases.md` lists them all.
"""
_NEAREST = """\
A code is replaced by the nearest one, because the release does not have it.

R5 has 28 relations between works that R4 has not; most become `documentation`. The exact code is
kept in a standard extension where there is one (then this is information); where there is none, or
where a reader of the older release would be misled without it, it is a warning.

Use a code that all releases of the knowledge base have, if the difference matters.
"""
_ELSEWHERE = """\
Content stands in another place or form in this release.

Its words are all there: in a note, in the description, as the text of a concept. It is a warning
where structure is given up that a computer would need: a characteristic that R5 defines by a type
and a value can be read in R4, but not computed with.
"""
_UNLINKED = """\
A link is left out, because what it leads to does not exist in the release.

The words beside it (`display`, `citation`) stay, so a reader sees the same. In R4 this happens to
links to references: R4 has no Citation.
"""
_LOST = """\
An element is left out, because the release has no place for it and no standard extension.

The other releases have it. If readers of this release need it, say it in words where they will see
it: in the text of the step, or in the page.
"""
_FILLED_IN = """\
A release demands an element that the definition does not have, and is given a neutral value.

R4's Evidence needs a population, R4's EvidenceVariable a characteristic, an expression a language.
What is filled in claims nothing: "Not stated", or the words that are there. Say what is known in
the definition to have it in every release.
"""
_UNKNOWN = """\
An element is left out that FHIR R5 does not have.

fhir-kb makes R5 and lowers it; it can lower only what R5 knows. In a definition that came from FHIR
JSON the name may be misspelt, or from another release.
"""
_MODEL = """\
The model of `fhir.resources` refuses a resource.

It is the second of the gates that a build goes through: typed Python models of R5 and R4B, made by
others, independently of fhir-kb. If fhir-kb's own validator says nothing at the same place, one of
the two is wrong: please report it.
"""

CODES: tuple[Code, ...] = (
    Code("KB400", "not-in-release", Severity.INFORMATION, _NOT_IN_RELEASE),
    Code("KB401", "becomes-basic", Severity.INFORMATION, _AS_BASIC),
    Code("KB402", "kept-in-extension", Severity.INFORMATION, _EXTENSION),
    Code("KB403", "nearest-code", Severity.WARNING, _NEAREST),
    Code("KB404", "said-elsewhere", Severity.INFORMATION, _ELSEWHERE),
    Code("KB405", "unlinked", Severity.INFORMATION, _UNLINKED),
    Code("KB410", "left-out", Severity.WARNING, _LOST),
    Code("KB412", "filled-in", Severity.INFORMATION, _FILLED_IN),
    Code("KB420", "unknown-element", Severity.WARNING, _UNKNOWN),
    Code("KB490", "model-refuses", Severity.ERROR, _MODEL),
)
