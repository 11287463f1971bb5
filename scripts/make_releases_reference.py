"""Writes docs/releases.md: what becomes of every R5 element in R4B and R4.

    python scripts/make_releases_reference.py [--check]

Read off the same tables and rules that a build goes by, so it cannot say anything else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_kb import releases
from fhir_kb.model.fhir_release import NAMES
from fhir_kb.model.resource_kind import BY_TYPE
from fhir_kb.releases.pre_r5.release import PreR5Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.releases.lowering import ReleaseLowering

PAGE = Path(__file__).parent.parent / "docs/releases.md"
RESOURCES = tuple(BY_TYPE)
PARTS = (
    *("RelatedArtifact", "Dosage", "Timing", "Expression", "DataRequirement", "TriggerDefinition"),
    *("Attachment", "Quantity", "UsageContext"),
)
HEAD = """\
# What R4B and R4 cannot say

<!-- made by scripts/make_releases_reference.py: `make docs` -->

Content is made once, shaped as in FHIR R5, and lowered to each release. This page says what becomes
of every element of the resources that fhir-kb makes, and of the data types that differ. What is not
listed is the same in the release.

A build says what it had to do, at the definition's line: as *information* where all of it is kept
somewhere (`--all` shows these), as a *warning* where something is given up. Codes:
[KB400 to KB490](reference/codes.md). Administrative elements that are kept in a standard extension
(review dates, copyright labels and the like) go there without a word.

An element that is **given up** has neither a place in the release nor a standard extension; the
page (Composition and narrative) still says it wherever a reader needs it.

HL7's own converter of releases is the check on all this: over the shipped topics and 200 made at
random, what it makes of PlanDefinition, ActivityDefinition, Library, ValueSet, CodeSystem and
Composition is the same, element by element, but for the differences listed with their reasons in
`tests/lab/converter_differences.py`. Nearly all of these are content that we keep, in an extension
or as the nearest code, and that the converter leaves out; the others are `meta.profile`, the
direction of a recommendation (R4), and what leads to a Citation (R4). It knows no Evidence,
EvidenceVariable, Citation and ArtifactAssessment.
"""

BASIC = "There is none; it becomes a Basic that keeps all of it in HL7's extension."
AS_TEXT = (
    "There is none. Its words are kept in the `relatedArtifact` of whatever names it, and in the "
    "narrative; `r4-citations: basic` in kb.yaml makes a Basic of it as well."
)


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for name in NAMES:
        release = releases.get(name)
        if isinstance(release, PreR5Release):
            lines.append(f"\n## {release.fhir.title}\n")
            for kind in (*RESOURCES, *PARTS):
                lines += _type(release.lowering, kind)
    return "\n".join(lines).rstrip() + "\n"


def _type(lowering: ReleaseLowering, kind: str) -> list[str]:
    if kind in RESOURCES and kind not in lowering.table.resource_types:
        return [f"### {kind}\n", BASIC if kind in lowering.basic_prefixes else AS_TEXT, ""]
    rows: list[str] = []
    lost: list[str] = []
    for path, name in _elements(lowering, kind):
        fate, more = lowering.fate(path, name)
        element = f"{path}.{name}".removeprefix(f"{kind}.")
        if fate == "lost":
            lost.append(f"`{element}`")
        elif fate != "same":
            rows.append(f"| `{element}` | {_told(fate, more)} |")
    if not rows and not lost:
        return []
    lines = [f"### {kind}\n"]
    if rows:
        lines += ["| element | what becomes of it |", "|---|---|", *rows, ""]
    if lost:
        lines += ["Given up: " + ", ".join(lost) + ".", ""]
    return lines


def _elements(lowering: ReleaseLowering, kind: str) -> Iterator[tuple[str, str]]:
    for path, names in lowering.table.properties.items():
        if path.partition(".")[0] == kind and _is_walked(lowering, path):
            for name in names:
                if name not in ("id", "extension", "modifierExtension"):
                    yield path, name


def _told(fate: str, more: str) -> str:
    if fate == "extension":
        return f"kept in the extension `{more}`"
    if fate == "code":
        return "codes that the release has not become the nearest"
    return more or "in the release's own form: another name, or the nearest code"


def _is_walked(lowering: ReleaseLowering, path: str) -> bool:
    """Whether an inner element is taken as such; else its parent has been told of."""
    owner, _, name = path.rpartition(".")
    if not owner:
        return True
    return lowering.fate(owner, name)[0] in ("same", "code") and _is_walked(lowering, owner)


def main(words: list[str]) -> int:
    """Write the page, or with --check say whether it is up to date."""
    text = page()
    if words == ["--check"]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            print("docs/releases.md is not up to date: run 'make docs'", file=sys.stderr)
        return int(not fresh)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
