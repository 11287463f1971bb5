"""The R5 profiles that our resources may claim: the core's, and EBMonFHIR's.

Read off http://hl7.org/fhir/R5/profilelist.html (publishable derives from shareable) and
http://hl7.org/fhir/uv/ebm (1.0.0-ballot).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.releases.profile_claims import (
    ClaimedProfile,
    both,
    codings,
    extension_urls,
    has,
    is_sound_code_system,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.releases.profile_claims import Condition

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_EBM = "http://hl7.org/fhir/uv/ebm/StructureDefinition/"
_KIND = "http://hl7.org/fhir/cited-artifact-classification-type"
_ARTIFACT = "http://hl7.org/fhir/citation-artifact-classifier"
_EBM_CODES = "https://fevir.net/resources/CodeSystem/179423"
_CERTAINTY_TYPE = "http://hl7.org/fhir/certainty-type"
_CERTAINTY_RATING = "http://hl7.org/fhir/certainty-rating"
_ROLE = _EBM + "variable-definition-variable-role-code"
#: EBMonFHIR wants each of these kinds of classification at most once
_ONCE = frozenset(
    {"publishing-model", "publication-type", "citation-subset", "mesh-heading", "chemical"}
    | {"keyword", "study-design"}
)
_shared = has("url", "version", "title", "description")
_SHAREABLE: dict[str, Condition] = {
    "PlanDefinition": _shared,
    "ActivityDefinition": both(_shared, has("experimental")),
    "Library": both(_shared, has("type")),
    "ValueSet": both(_shared, has("experimental")),
    "CodeSystem": both(_shared, has("experimental", "caseSensitive"), is_sound_code_system),
}


def _has_date(resource: Mapping[str, Any]) -> bool:
    return "date" in resource


def _has_no_date(resource: Mapping[str, Any]) -> bool:
    return "date" not in resource


def _core() -> tuple[ClaimedProfile, ...]:
    profiles = []
    for kind, condition in _SHAREABLE.items():
        name = kind.lower()
        profiles.append(
            ClaimedProfile(kind, f"{_CORE}publishable{name}", both(condition, _has_date))
        )
        profiles.append(
            ClaimedProfile(kind, f"{_CORE}shareable{name}", both(condition, _has_no_date))
        )
    return tuple(profiles)


def _classified(code: str, display: str, system: str = _ARTIFACT) -> Condition:
    """One classification says what kind of work it is, and says this; no kind comes twice."""

    def is_met(citation: Mapping[str, Any]) -> bool:
        codes: list[str] = []
        fits = False
        for classification in citation.get("citedArtifact", {}).get("classification", ()):
            types = classification.get("type", {}).get("coding", ())
            if len(types) != 1:
                if types:
                    return False
                continue
            codes.append(str(types[0].get("code")))
            if codes[-1] == "knowledge-artifact-type":
                fits = _is(types[0], _KIND, codes[-1], "Knowledge Artifact Type") and _is_work(
                    classification, system, code, display
                )
        unique = all(
            codes.count(kind) == 1 for kind in {*_ONCE, "knowledge-artifact-type"} & {*codes}
        )
        return fits and unique

    return is_met


def _is_work(classification: Mapping[str, Any], system: str, code: str, display: str) -> bool:
    works = [concept.get("coding", ()) for concept in classification.get("classifier", ())]
    matching = [
        codings
        for codings in works
        if any(_is(coding, system, code, display) for coding in codings)
    ]
    return len(matching) == 1 and len(matching[0]) == 1


def _is(coding: Mapping[str, Any], system: str, code: str, display: str) -> bool:
    return (coding.get("system"), coding.get("code"), coding.get("display")) == (
        system,
        code,
        display,
    )


def _is_timeless(citation: Mapping[str, Any]) -> bool:
    return "effectivePeriod" not in citation


def _is_in_a_book(citation: Mapping[str, Any]) -> bool:
    """Every form says of what it is published in either nothing or just this: a book."""
    forms = citation.get("citedArtifact", {}).get("publicationForm", ())
    kinds = [form.get("publishedIn", {}).get("type") for form in forms]
    book = ("http://hl7.org/fhir/published-in-type", "D001877", "Book")
    return all(
        kind is None or any(_is(coding, *book) for coding in kind.get("coding", ()))
        for kind in kinds
    )


def _is_on_the_web(citation: Mapping[str, Any]) -> bool:
    work = citation.get("citedArtifact", {})
    kinds = (
        form.get("publishedIn", {}).get("type", {}) for form in work.get("publicationForm", ())
    )
    return "webLocation" in work and all(kind.get("text", "Website") == "Website" for kind in kinds)


def _is_synthesis(evidence: Mapping[str, Any]) -> bool:
    """evidence-synthesis-evidence: a type of synthesis, and each variable with its role's code."""
    variables = evidence.get("variableDefinition", ())
    roles = [variable.get("variableRole", {}) for variable in variables]
    models = (
        model
        for statistic in evidence.get("statistic", ())
        for model in statistic.get("modelCharacteristic", ())
    )
    return (
        "synthesisType" in evidence
        and all(_ROLE in extension_urls(variable) for variable in variables)
        and all("text" not in role or role["text"].startswith("Use extension:") for role in roles)
        and all("value" not in model for model in models)
    )


def _is_certainty(assessment: Mapping[str, Any]) -> bool:
    """certainty-of-evidence: all it says is certainty types and ratings."""
    contents = assessment.get("content", ())
    return bool(contents) and all(
        {system for system, _ in codings(content.get("type"))} == {_CERTAINTY_TYPE}
        and all(
            {system for system, _ in codings(rating)} <= {_CERTAINTY_RATING}
            for rating in content.get("classifier", ())
        )
        for content in contents
    )


def _is_justification(assessment: Mapping[str, Any]) -> bool:
    """recommendation-justification: up to five contents, each a kind of its own with that code."""
    contents = assessment.get("content", ())
    kinds = [code for content in contents for _, code in codings(content.get("type"))]
    return (
        "recommendation-specification" in kinds
        and len(contents) <= 5
        and len(kinds) == len(set(kinds)) == len(contents)
        and all(content.get("informationType") == "container" for content in contents)
    )


def _is_comment(assessment: Mapping[str, Any]) -> bool:
    contents = assessment.get("content", ())
    return (
        bool(contents)
        and not assessment.keys() & {"workflowStatus", "disposition"}
        and all(content.get("informationType") == "comment" for content in contents)
    )


PROFILES: tuple[ClaimedProfile, ...] = (
    *_core(),
    ClaimedProfile(
        "Citation",
        _EBM + "journal-article-citation",
        both(_classified("D016428", "Journal Article"), _is_timeless),
    ),
    ClaimedProfile(
        "Citation",
        _EBM + "web-page-citation",
        both(_classified("webpage", "Webpage"), _is_on_the_web),
    ),
    ClaimedProfile(
        "Citation",
        _EBM + "book-part-citation",
        both(_classified("classified-as-book-part", "Book Part", _EBM_CODES), _is_in_a_book),
    ),
    *(
        ClaimedProfile("Citation", f"{_EBM}{name}-citation", _classified(code, display))
        for name, code, display in (
            ("book", "D001877", "Book"),
            ("preprint", "D000076942", "Preprint"),
            ("dataset", "D064886", "Dataset"),
            ("software", "executable-app", "Executable app"),
        )
    ),
    ClaimedProfile("Evidence", _EBM + "evidence-synthesis-evidence", _is_synthesis),
    ClaimedProfile("ArtifactAssessment", _EBM + "certainty-of-evidence", _is_certainty),
    ClaimedProfile("ArtifactAssessment", _EBM + "comment", _is_comment),
    ClaimedProfile("ArtifactAssessment", _EBM + "recommendation-justification", _is_justification),
)
