"""Codes of HL7's own code systems with their displays: the only codes that compile adds itself.

Displays are those of FHIR R5 and of HL7 Terminology 7.0; a test compares them with the packages.
"""

from __future__ import annotations

from typing import Final

_FHIR: Final = "http://hl7.org/fhir/"
_THO: Final = "http://terminology.hl7.org/CodeSystem/"

PLAN_TYPE: Final = _THO + "plan-definition-type"
LIBRARY_TYPE: Final = _THO + "library-type"
USAGE_CONTEXT: Final = _THO + "usage-context-type"
GOAL_CATEGORY: Final = _THO + "goal-category"
GOAL_PRIORITY: Final = _THO + "goal-priority"
STRENGTH: Final = _THO + "recommendation-strength"
QUALITY: Final = _THO + "evidence-quality"
DIRECTION: Final = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs"
CERTAINTY_TYPE: Final = _FHIR + "certainty-type"
CERTAINTY_RATING: Final = _FHIR + "certainty-rating"
VARIABLE_ROLE: Final = _THO + "variable-role"
STATISTIC: Final = _THO + "statistic-type"
ESTIMATE: Final = _THO + "attribute-estimate-type"
STUDY_DESIGN: Final = _FHIR + "study-design"
STUDY_TYPE: Final = _THO + "study-type"
CLASSIFICATION: Final = _FHIR + "cited-artifact-classification-type"
ARTIFACT_KIND: Final = _FHIR + "citation-artifact-classifier"
#: the code system that EBMonFHIR's profiles take further codes from
EBM_CODES: Final = "https://fevir.net/resources/CodeSystem/179423"
PUBLISHED_IN: Final = _FHIR + "published-in-type"
SUMMARY_STYLE: Final = _FHIR + "citation-summary-style"
ARTIFACT_STATUS: Final = _FHIR + "cited-artifact-status-type"
TITLE_TYPE: Final = _FHIR + "title-type"
URL_KIND: Final = _FHIR + "artifact-url-classifier"
CONTRIBUTOR_ROLE: Final = _FHIR + "contributor-role"

DISPLAYS: Final[dict[str, dict[str, str]]] = {
    PLAN_TYPE: {
        "workflow-definition": "Workflow Definition",
        "clinical-protocol": "Clinical Protocol",
        "order-set": "Order Set",
        "eca-rule": "ECA Rule",
    },
    LIBRARY_TYPE: {"asset-collection": "Asset Collection", "logic-library": "Logic Library"},
    USAGE_CONTEXT: {
        "gender": "Gender",
        "age": "Age Range",
        "focus": "Clinical Focus",
        "user": "User Type",
        "workflow": "Workflow Setting",
        "task": "Workflow Task",
        "venue": "Clinical Venue",
        "program": "Program",
    },
    GOAL_CATEGORY: {
        "dietary": "Dietary",
        "safety": "Safety",
        "behavioral": "Behavioral",
        "nursing": "Nursing",
        "physiotherapy": "Physiotherapy",
    },
    GOAL_PRIORITY: {
        "high-priority": "High Priority",
        "medium-priority": "Medium Priority",
        "low-priority": "Low Priority",
    },
    STRENGTH: {"strong": "Strong", "weak": "Weak"},
    DIRECTION: {"for": "For", "against": "Against"},
    QUALITY: {
        "high": "High quality",
        "moderate": "Moderate quality",
        "low": "Low quality",
        "very-low": "Very low quality",
    },
    CERTAINTY_TYPE: {
        "Overall": "Overall certainty",
        "RiskOfBias": "Risk of bias",
        "Inconsistency": "Inconsistency",
        "Indirectness": "Indirectness",
        "Imprecision": "Imprecision",
        "PublicationBias": "Publication bias",
        "DoseResponseGradient": "Dose response gradient",
        "PlausibleConfounding": "Plausible confounding",
        "LargeEffect": "Large effect",
    },
    CERTAINTY_RATING: {
        "high": "High quality",
        "moderate": "Moderate quality",
        "low": "Low quality",
        "very-low": "Very low quality",
        "no-concern": "no serious concern",
        "serious-concern": "serious concern",
        "very-serious-concern": "very serious concern",
        "extremely-serious-concern": "extremely serious concern",
        "present": "present",
        "absent": "absent",
    },
    VARIABLE_ROLE: {
        "population": "population",
        "exposure": "exposure",
        "referenceExposure": "reference exposure",
        "measuredVariable": "measured variable",
    },
    STATISTIC: {
        "C16932": "Odds Ratio",
        "C93152": "Relative Risk",
        "C93150": "Hazard Ratio",
        "rate-ratio": "Incidence Rate Ratio",
        "0000424": "Risk Difference",
        "0000457": "Mean Difference",
        "0000100": "Standardized Mean Difference",
        "C53319": "Mean",
        "C28007": "Median",
        "C44256": "Proportion",
        "C17010": "Prevalence",
        "C16726": "Incidence",
        "C25463": "Count",
        "predictedRisk": "Predicted Risk",
        "absolute-MedianDiff": "Absolute Median Difference",
        "C65172": "Pearson Correlation Coefficient",
        "descriptive": "Descriptive",
    },
    ESTIMATE: {
        "C53324": "Confidence interval",
        "C44185": "P-value",
        "0000420": "I-squared",
    },
    STUDY_DESIGN: {
        "SEVCO:01003": "randomized assignment",
        "SEVCO:01005": "Non-randomized assignment",
        "SEVCO:01013": "Case control design",
        "SEVCO:01017": "Case report",
    },
    STUDY_TYPE: {
        "RCT": "randomized trial",
        "CCT": "controlled trial (non-randomized)",
        "cohort": "comparative cohort study",
        "case-control": "case-control study",
        "cross-section": "cross sectional study",
        "series": "uncontrolled case series",
        "case-report": "case report",
    },
    CLASSIFICATION: {
        "knowledge-artifact-type": "Knowledge Artifact Type",
        "keyword": "Keyword",
        "publication-type": "Publication type",
    },
    ARTIFACT_KIND: {
        "D016428": "Journal Article",
        "D001877": "Book",
        "D064886": "Dataset",
        "D000076942": "Preprint",
        "D016425": "Published Erratum",
        "webpage": "Webpage",
        "executable-app": "Executable app",
    },
    EBM_CODES: {
        "classified-as-book-part": "Book Part",
        "recommendation-specification": "Recommendation Specification",
        "rating-system": "Rating System",
        "strength-of-recommendation": "Strength of Recommendation",
        "direction-of-recommendation": "Direction of Recommendation",
        "ratings": "Ratings",
        "evidence": "Evidence",
        "desirable-effects": "Desirable Effects",
        "undesirable-effects": "Undesirable Effects",
        "discussion": "Discussion",
        "net-effect": "Net Effect",
        "preferences": "Preferences",
        "judgments": "Judgments",
        "problem-importance": "Problem Importance",
        "costs": "Costs",
        "cost-effectiveness": "Cost-effectiveness",
        "equity": "Equity",
        "acceptability": "Acceptability",
        "feasibility": "Feasibility",
    },
    PUBLISHED_IN: {"D020492": "Periodical", "D001877": "Book", "D019991": "Database"},
    SUMMARY_STYLE: {"vancouver": "Vancouver style"},
    ARTIFACT_STATUS: {"retracted": "Retracted"},
    TITLE_TYPE: {
        "primary": "Primary title",
        "subtitle": "Subtitle",
        "short-title": "Short title",
    },
    URL_KIND: {"doi-based": "DOI Based", "webpage": "Webpage", "abstract": "Abstract",
               "full-text": "Full-Text"},
    CONTRIBUTOR_ROLE: {"author": "Author/Creator", "editor": "Editor", "publisher": "Publisher"},
}  # fmt: skip

#: kinds of study → the codes that mean just that; other kinds have words alone
STUDY_CODES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "randomized-trial": ((STUDY_DESIGN, "SEVCO:01003"), (STUDY_TYPE, "RCT")),
    "controlled-trial": ((STUDY_DESIGN, "SEVCO:01005"), (STUDY_TYPE, "CCT")),
    "cohort": ((STUDY_TYPE, "cohort"),),
    "case-control": ((STUDY_DESIGN, "SEVCO:01013"), (STUDY_TYPE, "case-control")),
    "cross-sectional": ((STUDY_TYPE, "cross-section"),),
    "case-series": ((STUDY_TYPE, "series"),),
    "case-report": ((STUDY_DESIGN, "SEVCO:01017"), (STUDY_TYPE, "case-report")),
}
#: kinds of work → citation-artifact-classifier
WORK_CODES: Final = {
    "article": (ARTIFACT_KIND, "D016428"),
    "book": (ARTIFACT_KIND, "D001877"),
    "chapter": (EBM_CODES, "classified-as-book-part"),
    "preprint": (ARTIFACT_KIND, "D000076942"),
    "dataset": (ARTIFACT_KIND, "D064886"),
    "web-page": (ARTIFACT_KIND, "webpage"),
    "software": (ARTIFACT_KIND, "executable-app"),
    "erratum": (ARTIFACT_KIND, "D016425"),
}
