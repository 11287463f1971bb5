"""The author's words and the FHIR codes that they stand for (code systems named at each)."""

from __future__ import annotations

from typing import Final


def in_words(word: str) -> str:
    """A word of the format, or a code, as people read it: `risk-ratio` is Risk ratio."""
    return word.replace("-", " ").capitalize()


def _same(*words: str) -> dict[str, str]:
    return {word: word for word in words}


# http://hl7.org/fhir/publication-status
STATUS: Final = _same("draft", "active", "retired", "unknown")
# http://terminology.hl7.org/CodeSystem/plan-definition-type
PLAN_TYPE: Final = {
    "workflow": "workflow-definition",
    "protocol": "clinical-protocol",
    "order-set": "order-set",
    "eca-rule": "eca-rule",
}
# http://hl7.org/fhir/action-selection-behavior
SELECTION: Final = _same("any", "all", "all-or-none", "exactly-one", "at-most-one", "one-or-more")
# http://hl7.org/fhir/action-grouping-behavior
GROUPING: Final = {
    "visual": "visual-group",
    "logical": "logical-group",
    "sentence": "sentence-group",
}
# http://hl7.org/fhir/action-required-behavior
REQUIRED: Final = _same("must", "could", "must-unless-documented")
# http://hl7.org/fhir/action-precheck-behavior
PRECHECK: Final = _same("yes", "no")
# http://hl7.org/fhir/action-relationship-type
RELATIONSHIP: Final = _same(
    "before",
    "before-start",
    "before-end",
    "concurrent",
    "concurrent-with-start",
    "concurrent-with-end",
    "after",
    "after-start",
    "after-end",
)
# http://hl7.org/fhir/request-priority
PRIORITY: Final = _same("routine", "urgent", "asap", "stat")
# http://hl7.org/fhir/request-intent
INTENT: Final = _same("proposal", "plan", "directive", "order", "option")
# http://hl7.org/fhir/request-resource-types
ACTIVITY_KIND: Final = {
    "service": "ServiceRequest",
    "medication": "MedicationRequest",
    "communication": "CommunicationRequest",
    "task": "Task",
    "device": "DeviceRequest",
    "nutrition": "NutritionOrder",
    "immunization": "ImmunizationRecommendation",
    "appointment": "Appointment",
    "supply": "SupplyRequest",
    "care-plan": "CarePlan",
    "vision": "VisionPrescription",
}
# http://hl7.org/fhir/action-participant-type
PARTICIPANT_TYPE: Final = {
    "care-team": "careteam",
    "device": "device",
    "group": "group",
    "healthcare-service": "healthcareservice",
    "location": "location",
    "organization": "organization",
    "patient": "patient",
    "practitioner": "practitioner",
    "practitioner-role": "practitionerrole",
    "related-person": "relatedperson",
}
# http://hl7.org/fhir/trigger-type
TRIGGER: Final = _same(
    "named-event",
    "periodic",
    "data-changed",
    "data-added",
    "data-modified",
    "data-removed",
    "data-accessed",
    "data-access-ended",
)
# http://terminology.hl7.org/CodeSystem/goal-category
GOAL_CATEGORY: Final = _same("dietary", "safety", "behavioral", "nursing", "physiotherapy")
# http://terminology.hl7.org/CodeSystem/goal-priority, with its own words
GOAL_PRIORITY: Final = {
    "high": "high-priority",
    "medium": "medium-priority",
    "low": "low-priority",
}
# What kind of study: how it reads; the codes of .../CodeSystem/study-type, where there is one,
# are chosen in compile
STUDY: Final = {
    "systematic-review": "Systematic review",
    "meta-analysis": "Meta-analysis",
    "randomized-trial": "Randomized controlled trial",
    "controlled-trial": "Controlled trial without randomization",
    "cohort": "Cohort study",
    "case-control": "Case-control study",
    "cross-sectional": "Cross-sectional study",
    "case-series": "Case series",
    "case-report": "Case report",
    "guideline": "Guideline",
    "narrative-review": "Narrative review",
    "expert-opinion": "Expert opinion",
}
# http://hl7.org/fhir/certainty-rating
CERTAINTY: Final = _same("high", "moderate", "low", "very-low")
# http://hl7.org/fhir/certainty-type
CERTAINTY_ASPECT: Final = {
    "overall": "Overall",
    "risk-of-bias": "RiskOfBias",
    "inconsistency": "Inconsistency",
    "indirectness": "Indirectness",
    "imprecision": "Imprecision",
    "publication-bias": "PublicationBias",
    "dose-response-gradient": "DoseResponseGradient",
    "plausible-confounding": "PlausibleConfounding",
    "large-effect": "LargeEffect",
}
# http://hl7.org/fhir/certainty-rating, for the aspects
CONCERN: Final = _same(
    "no-concern",
    "serious-concern",
    "very-serious-concern",
    "extremely-serious-concern",
    "present",
    "absent",
)
# http://terminology.hl7.org/CodeSystem/statistic-type
STATISTIC: Final = {
    "odds-ratio": "C16932",
    "risk-ratio": "C93152",
    "hazard-ratio": "C93150",
    "rate-ratio": "rate-ratio",
    "risk-difference": "0000424",
    "mean-difference": "0000457",
    "standardized-mean-difference": "0000100",
    "mean": "C53319",
    "median": "C28007",
    "proportion": "C44256",
    "prevalence": "C17010",
    "incidence": "C16726",
    "count": "C25463",
    "predicted-risk": "predictedRisk",
    "median-difference": "absolute-MedianDiff",
    "correlation": "C65172",
    "number-needed-to-treat": "number-needed-to-treat",
    "number-needed-to-harm": "number-needed-to-harm",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "positive-likelihood-ratio": "positive-likelihood-ratio",
    "negative-likelihood-ratio": "negative-likelihood-ratio",
    "positive-predictive-value": "positive-predictive-value",
    "negative-predictive-value": "negative-predictive-value",
    "descriptive": "descriptive",
}
# http://terminology.hl7.org/CodeSystem/recommendation-strength
# ("conditional" is GRADE's other word for what the code system calls weak)
STRENGTH: Final = {"strong": "strong", "conditional": "weak", "weak": "weak"}
# http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs
# ("either" has no code: the guideline recommends the one or the other alike)
DIRECTION: Final = {"for": "for", "against": "against", "either": ""}
# what a guideline says instead of a graded recommendation
STATEMENT: Final = {
    "recommendation": "Recommendation",
    "good-practice": "Good practice statement",
    "insufficient-evidence": "Insufficient evidence for a recommendation",
    "no-recommendation": "No recommendation",
    "research-only": "Recommended only in research",
}
# what could harm, most pressing first; the words stand before what it says
CAUTION: Final = {
    "contraindication": "Contraindication",
    "caution": "Caution",
    "interaction": "Interaction",
    "adverse-effect": "Adverse effect",
    "harm": "Harm",
}
# http://hl7.org/fhir/related-artifact-type (R5)
RELATED: Final = _same(
    "documentation",
    "justification",
    "citation",
    "predecessor",
    "successor",
    "derived-from",
    "depends-on",
    "composed-of",
    "part-of",
    "amends",
    "amended-with",
    "appends",
    "appended-with",
    "cites",
    "cited-by",
    "comments-on",
    "comment-in",
    "contains",
    "contained-in",
    "corrects",
    "correction-in",
    "replaces",
    "replaced-with",
    "retracts",
    "retracted-by",
    "signs",
    "similar-to",
    "supports",
    "supported-with",
    "transforms",
    "transformed-into",
    "transformed-with",
    "documents",
    "specification-of",
    "created-with",
    "cite-as",
)
# kinds of cited works; what each means in a Citation is decided in compile
REFERENCE: Final = {
    "article": "Journal article",
    "book": "Book",
    "chapter": "Book chapter",
    "guideline": "Guideline",
    "report": "Report",
    "web-page": "Web page",
    "thesis": "Thesis",
    "preprint": "Preprint",
    "dataset": "Dataset",
    "software": "Software",
    "retraction-notice": "Retraction notice",
    "erratum": "Published erratum",
}
# how the findings of a rule are taken
TAKEN: Final = _same("off", "information", "warning", "error")
# short names of code systems
SYSTEMS: Final = {
    "snomed": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "icd-10": "http://hl7.org/fhir/sid/icd-10",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd-11": "http://id.who.int/icd/release/11/mms",
    "atc": "http://www.whocc.no/atc",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "ucum": "http://unitsofmeasure.org",
    "mesh": "http://id.nlm.nih.gov/mesh",
}
EXPRESSION: Final = {
    "fhirpath": "text/fhirpath",
    "cql": "text/cql-expression",
    "cql-identifier": "text/cql-identifier",
}
# http://hl7.org/fhir/event-timing
EVENT_TIMING: Final = {
    "morning": "MORN",
    "noon": "NOON",
    "afternoon": "AFT",
    "evening": "EVE",
    "night": "NIGHT",
    "before-sleep": "HS",
    "on-waking": "WAKE",
    "before-meals": "AC",
    "with-meals": "C",
    "after-meals": "PC",
    "before-breakfast": "ACM",
    "with-breakfast": "CM",
    "after-breakfast": "PCM",
    "before-lunch": "ACD",
    "with-lunch": "CD",
    "after-lunch": "PCD",
    "before-dinner": "ACV",
    "with-dinner": "CV",
    "after-dinner": "PCV",
}
# http://hl7.org/fhir/days-of-week
DAYS: Final = _same("mon", "tue", "wed", "thu", "fri", "sat", "sun")
