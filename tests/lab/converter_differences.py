"""Where what we lower differs from HL7's own converter on purpose, each with its reason.

HL7's converter (org.hl7.fhir.convertors 6.9.4) leaves out what has no place in the older release,
and says nothing; so most of these are content that we keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tree_differences import Difference, differences

DIRECTIONS = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs"


class Deliberate(NamedTuple):
    """A kind of difference that is meant to be."""

    path: str
    """Pattern of the path."""

    reason: str
    """Why, by the specification."""

    fits: Callable[[Any, Any], bool]
    """Whether what we write and what they write differ in this way."""

    releases: tuple[str, ...] = ("r4", "r4b")
    """Where."""


def _only_ours(_ours: Any, theirs: Any) -> bool:
    return theirs is None


def _any(_ours: Any, _theirs: Any) -> bool:
    return True


def _typed_participants(ours: Any, theirs: Any) -> bool:
    """They keep participants without a type, or none at all where nothing but a type was said."""
    typed = [participant for participant in theirs or () if "type" in participant]
    return len(typed) <= len(ours or ()) and all(
        "type" in participant for participant in ours or ()
    )


def _without_direction(ours: Any, theirs: Any) -> bool:
    others = [coding for coding in theirs if coding["system"] != DIRECTIONS]
    return (ours or []) == others != theirs


def _without_dead_ends(ours: Any, theirs: Any) -> bool:
    """They have entries that lead nowhere, or to a Citation; the others are those that we have."""
    left = [_without_extension(artifact) for artifact in ours]
    for artifact in theirs:
        if left and left[0] == _without_extension(artifact):
            left.pop(0)
        elif artifact.keys() & {"document", "url"} or "/Citation/" not in artifact.get(
            "resource", "/Citation/"
        ):
            return False
    return not left


def _without_extension(artifact: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in artifact.items() if name != "extension"}


DELIBERATE = (
    Deliberate(
        r"\w+\.meta(\.profile)?",
        "A profile belongs to one release; each release's own are claimed after lowering.",
        _any,
    ),
    Deliberate(
        r".*\.extension\((artifact-(versionAlgorithm|copyrightLabel|reference)"
        r"|composition-clinicaldocument-versionNumber|note"
        r"|extension-PlanDefinition\.(actor|action\.(input|output|location)))\)",
        "Standard extensions keep what the release has no element for (FHIR R5, versions.html).",
        _only_ours,
    ),
    Deliberate(
        r"CodeSystem\.extension\(extension-CanonicalResource\.versionAlgorithm\)",
        "HL7's extensions package says the same as artifact-versionAlgorithm; no package defines "
        "this one.",
        lambda ours, _theirs: ours is None,
    ),
    Deliberate(
        r"ActivityDefinition\.kind",
        "request-resource-types has the code in R4 and R4B.",
        _only_ours,
    ),
    Deliberate(
        r".*\.(relatedArtifact|documentation)\.type",
        "RelatedArtifact.type is 1..1: the nearest of R4's codes, or documentation.",
        _only_ours,
    ),
    Deliberate(
        r"Composition\.status",
        "Composition.status is 1..1: the nearest of R4's codes.",
        _only_ours,
    ),
    Deliberate(
        r"(.*\.(relatedArtifact|documentation|participant)\._type|Composition\._status)",
        "The exact code of R5 stands beside the nearest one.",
        _only_ours,
    ),
    Deliberate(
        r".*\.participant\.(type|role)",
        "participant.type is 1..1: the nearest of R4's codes; R5's function becomes the role.",
        _only_ours,
    ),
    Deliberate(
        r".*\.participant",
        "participant.type is 1..1, and has no code for a place.",
        _typed_participants,
    ),
    Deliberate(
        r"Composition(\.section)+\.entry\.reference",
        "R4 has no Citation; the entry keeps its words.",
        lambda ours, theirs: ours is None and theirs.startswith("Citation/"),
        ("r4",),
    ),
    Deliberate(
        r"Library\.relatedArtifact",
        "R4 has no Citation; an entry of a manifest leads somewhere (CRMI 2.0.0, mnf-1, mnf-2).",
        _without_dead_ends,
        ("r4",),
    ),
    Deliberate(
        r"PlanDefinition(\.action)+\.extension\(cpg-directionOfRecommendation\)",
        "CPG 2.0.0 has an extension of its own for the direction, in R4.",
        _only_ours,
        ("r4",),
    ),
    Deliberate(
        r"PlanDefinition(\.action)+\.extension\(cqf-strengthOfRecommendation\)"
        r"\.valueCodeableConcept\.coding",
        "CPG 2.0.0 has an extension of its own for the direction, in R4.",
        _without_direction,
        ("r4",),
    ),
    Deliberate(
        r".*\.expression\.language",
        "R4B binds Expression.language as required, to a value set without text/plain.",
        lambda ours, theirs: ours is None and theirs == "text/plain",
        ("r4b",),
    ),
    Deliberate(
        r".*\.expression\._language",
        "The language that R4B has no code for stands beside the absent one.",
        _only_ours,
        ("r4b",),
    ),
)


def unexpected(
    release: str, ours: dict[str, Any], theirs: dict[str, Any], met: set[str]
) -> Iterator[Difference]:
    """The differences that are not deliberate; the paths of those that are go to `met`."""
    for difference in differences(ours, theirs, ours["resourceType"]):
        for rule in DELIBERATE:
            if (
                release in rule.releases
                and re.fullmatch(rule.path, difference.path)
                and rule.fits(difference.ours, difference.theirs)
            ):
                met.add(rule.path)
                break
        else:
            yield difference
