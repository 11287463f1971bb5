"""Patients to whom the shipped topics are applied, and which steps are out for them, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SNOMED: Final = "http://snomed.info/sct"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX: Final = "http://hl7.org/fhir/sid/cvx"
TODAY: Final = dt.datetime.now(tz=dt.UTC).date()


@dataclass(frozen=True, slots=True)
class Story:
    """A patient with a record, and what of a topic is not proposed."""

    topic: str
    """The topic that is applied."""
    title: str
    """What the patient has, as a test is named."""
    record: tuple[tuple[str, str, str, int], ...] = ()
    """Entries of the record: type of resource, code system, code, days ago."""
    out: dict[str, str] = field(default_factory=dict)
    """Steps that are not proposed, and why."""
    born: str = "1980-01-01"

    @property
    def patient(self) -> str:
        """The id of the patient."""
        return f"{self.topic}-{self.title}".replace(" ", "-").replace(",", "")[-60:].lstrip("-")

    def resources(self, release: str) -> Iterator[dict[str, Any]]:
        """The patient and the record."""
        yield {
            "resourceType": "Patient",
            "id": self.patient,
            "gender": "female",
            "birthDate": self.born,
        }
        for number, (kind, system, code, days) in enumerate(self.record):
            concept = {"coding": [{"system": system, "code": code}]}
            day = (TODAY - dt.timedelta(days)).isoformat()
            entry = {"resourceType": kind, "id": f"{self.patient}.{number}"[-64:].lstrip("-.")}
            yield entry | _content(kind, release, f"Patient/{self.patient}", concept, day)


def _content(
    kind: str, release: str, subject: str, concept: dict[str, Any], day: str
) -> dict[str, Any]:
    reference = {"reference": subject}
    active = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                "code": "active",
            }
        ]
    }
    contents: dict[str, dict[str, Any]] = {
        "Condition": {
            "subject": reference,
            "clinicalStatus": active,
            "code": concept,
            "onsetDateTime": day,
        },
        "Observation": {
            "subject": reference,
            "status": "final",
            "code": concept,
            "effectiveDateTime": day,
        },
        "AllergyIntolerance": {"patient": reference, "code": concept},
        "Immunization": {
            "patient": reference,
            "status": "completed",
            "vaccineCode": concept,
            "occurrenceDateTime": day,
        },
        "MedicationRequest": {
            "subject": reference,
            "status": "active",
            "intent": "order",
            **(
                {"medicationCodeableConcept": concept}
                if release == "r4"
                else {"medication": {"concept": concept}}
            ),
        },
    }
    return contents[kind]


EXPOSED: Final = ("Condition", SNOMED, "170475009", 10)
WELL: Final = ("Observation", SNOMED, "84387000", 5)
PREGNANT: Final = ("Condition", SNOMED, "77386006", 100)
_WITHIN: Final = (
    "check-medication check-allergies antimicrobial first-line give-ciprofloxacin give-doxycycline "
    "second-line give-levofloxacin give-moxifloxacin give-clindamycin pregnancy vaccine"
)
_NOT_PROTECTED: Final = dict.fromkeys(_WITHIN.split(), "within 'prophylaxis', which is out")
STORIES: Final = (
    Story("dry-needling-myofascial-pain", "nothing on record"),
    Story(
        "protein-in-ckd",
        "kidney disease of stage 3",
        (("Condition", SNOMED, "433144002", 300),),
    ),
    Story("protein-in-ckd", "no kidney disease", out={"limit-protein": "no stage 3 or 4"}),
    Story(
        "anthrax-prophylaxis",
        "never exposed",
        out={"assess": "not exposed", "prophylaxis": "not exposed", **_NOT_PROTECTED},
    ),
    Story(
        "anthrax-prophylaxis",
        "exposed, symptoms unknown",
        (EXPOSED,),
        {"prophylaxis": "not recorded as asymptomatic", **_NOT_PROTECTED},
    ),
    Story(
        "anthrax-prophylaxis",
        "exposed long ago",
        (("Condition", SNOMED, "170475009", 90),),
        {"assess": "more than 60 days", "prophylaxis": "more than 60 days", **_NOT_PROTECTED},
    ),
    Story(
        "anthrax-prophylaxis",
        "exposed, a child",
        (EXPOSED, WELL),
        {"assess": "a child", "prophylaxis": "a child", **_NOT_PROTECTED},
        born=(TODAY - dt.timedelta(3000)).isoformat(),
    ),
    Story(
        "anthrax-prophylaxis",
        "exposed and well",
        (EXPOSED, WELL),
        {
            "assess": "recorded as asymptomatic",
            "check-medication": "nothing prescribed",
            "check-allergies": "no allergy",
            "pregnancy": "not pregnant",
        },
    ),
    Story(
        "anthrax-prophylaxis",
        "exposed and pregnant",
        (
            EXPOSED,
            WELL,
            PREGNANT,
            ("AllergyIntolerance", RXNORM, "2551", 900),
            ("MedicationRequest", RXNORM, "309309", 1),
        ),
        {"assess": "recorded as asymptomatic"},
    ),
    Story(
        "anthrax-vaccination",
        "no dose",
        out={
            "check-allergies": "no allergy",
            "dose-2": "the first comes before",
            "dose-3": "the second comes before",
            "pregnancy": "not pregnant",
        },
    ),
    Story(
        "anthrax-vaccination",
        "one dose, too early",
        (("Immunization", CVX, "24", 3),),
        {
            "check-allergies": "no allergy",
            "dose-1": "given",
            "dose-2": "two weeks have not passed",
            "dose-3": "the second comes before",
            "pregnancy": "not pregnant",
        },
    ),
    Story(
        "anthrax-vaccination",
        "two doses, pregnant, allergic to latex",
        (
            PREGNANT,
            ("AllergyIntolerance", RXNORM, "1314891", 900),
            ("Immunization", CVX, "24", 40),
            ("Immunization", CVX, "24", 20),
        ),
        {"dose-1": "given", "dose-2": "given"},
    ),
    Story("tennis-elbow", "nothing on record"),
    Story(
        "hepatitis-a-exposure",
        "an infant",
        out={
            "vaccine": "under 12 months",
            "over-40": "under 12 months",
            "immunocompromised": "under 12 months",
            "contraindicated": "under 12 months",
            "second-dose": "under 12 months",
        },
        born=(TODAY - dt.timedelta(200)).isoformat(),
    ),
    Story(
        "hepatitis-a-exposure",
        "30 years old",
        out={"infants": "30 years old", "over-40": "30 years old"},
        born=(TODAY - dt.timedelta(30 * 365 + 100)).isoformat(),
    ),
    Story(
        "hepatitis-a-exposure",
        "60 years old",
        out={"infants": "60 years old"},
        born=(TODAY - dt.timedelta(60 * 365 + 100)).isoformat(),
    ),
)
