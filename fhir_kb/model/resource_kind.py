"""The kinds of resources that fhir-kb publishes: the only place that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.model.fhir_release import FHIR_RELEASES, R4B, R5

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.model.fhir_release import FhirRelease

BASIC: Final = "Basic"
"""The type of a resource that stands for one whose type a release does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """A resource type that definitions become, and how it is treated."""

    type: str
    """The FHIR type, as in R5: "PlanDefinition"."""

    term: str
    """What authors call it, in messages: "plan"."""

    releases: tuple[FhirRelease, ...] = FHIR_RELEASES
    """The releases that have the type."""

    fallback: Literal["none", "basic", "text"] = "none"
    """What becomes of it in a release without the type: a Basic, or text in the works that name it
    (and a Basic as well, where kb.yaml asks for that). "none" where every release has the type."""

    basic_id_prefix: str = ""
    """How the id of the Basic starts: "assessment"."""

    is_canonical: bool = True
    """Whether it has a canonical URL in every release; others are referred to by type and id."""

    omits: frozenset[str] = frozenset()
    """Metadata of the topic that the kind does not repeat: what readers do not take for the
    knowledge itself, or what FHIR has no element for in some release. The plan says all of it."""

    always_states_experimental: bool = False
    """Whether it says `experimental: false`, too."""

    is_in_most_topics: bool = False
    """Whether its model is worth importing before it is asked for."""


_PEOPLE: Final = frozenset({"author", "editor", "reviewer", "endorser"})
_REVIEW: Final = frozenset({"approvalDate", "lastReviewDate"})
_USE: Final = frozenset({"usage", "effectivePeriod"})
_FORMAL: Final = frozenset({"versionAlgorithmString", "copyrightLabel"})

RESOURCE_KINDS: Final = (
    ResourceKind(
        type="PlanDefinition",
        term="plan",
        always_states_experimental=True,
        is_in_most_topics=True,
    ),
    ResourceKind(
        type="ActivityDefinition",
        term="activity",
        always_states_experimental=True,
        is_in_most_topics=True,
    ),
    ResourceKind(
        type="Evidence",
        term="evidence",
        omits=_USE | _FORMAL | {"jurisdiction", "name"},
        is_in_most_topics=True,
    ),
    ResourceKind(
        type="EvidenceVariable",
        term="variable",
        omits=_USE | _REVIEW | _FORMAL | {"jurisdiction", "copyright", "experimental"},
    ),
    ResourceKind(
        type="Citation",
        term="reference",
        releases=(R5, R4B),
        fallback="text",
        basic_id_prefix="citation",
        omits=_PEOPLE | _REVIEW | _USE | _FORMAL,
        is_in_most_topics=True,
    ),
    ResourceKind(type="Library", term="library", always_states_experimental=True),
    ResourceKind(
        type="ValueSet",
        term="value set",
        omits=_PEOPLE | _REVIEW | _USE,
        always_states_experimental=True,
    ),
    ResourceKind(
        type="CodeSystem",
        term="code system",
        omits=_PEOPLE | _REVIEW | _USE,
        always_states_experimental=True,
    ),
    ResourceKind(type="Composition", term="page", is_canonical=False),
    ResourceKind(
        type="ArtifactAssessment",
        term="assessment",
        releases=(R5,),
        fallback="basic",
        basic_id_prefix="assessment",
        is_canonical=False,
    ),
)
"""In the order in which documentation lists them."""

BY_TYPE: Final[Mapping[str, ResourceKind]] = {kind.type: kind for kind in RESOURCE_KINDS}


def published_types(release: FhirRelease) -> tuple[str, ...]:
    """The resource types that definitions become in a release, by name."""
    types = {kind.type for kind in RESOURCE_KINDS if release in kind.releases}
    if any(kind.fallback == "basic" and kind.type not in types for kind in RESOURCE_KINDS):
        types.add(BASIC)
    return tuple(sorted(types))


def basic_id_prefixes(release: FhirRelease, *, citations_as_basic: bool) -> dict[str, str]:
    """The types that become a Basic in a release, and how the ids of these start.

    Args:
        release: the release.
        citations_as_basic: whether kinds become one that otherwise are text where they are used.
    """
    fallbacks = {"basic", "text"} if citations_as_basic else {"basic"}
    return {
        kind.type: kind.basic_id_prefix
        for kind in RESOURCE_KINDS
        if release not in kind.releases and kind.fallback in fallbacks
    }
