"""The findings of compile, with their pages."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity

CODES: Final = (
    Code(
        "KB350",
        "bad-quantity",
        Severity.ERROR,
        """This is no quantity.

A quantity is a number or a range with a unit; `<`, `<=`, `>` and `>=` may stand before a number.
A range starts with its smaller number.

    dose: 500 mg
    dose: 0.6-0.8 g/kg
    value: ">= 2 mg/L"
    max-dose: 4 g per 1 d""",
    ),
    Code(
        "KB351",
        "unknown-unit",
        Severity.ERROR,
        """This unit is not in UCUM.

FHIR writes units in UCUM (https://ucum.org), which programs can convert: `mg`, `g/kg/d`, `mL/min`,
`mm[Hg]`, `Cel`, `[iU]`, `%`. Capitals matter: `mg` is a milligram, `MG` a megagauss. What is
counted and has no unit goes into braces.

    dose: 2 tablets        # no unit of UCUM
    dose: 2 {tablet}""",
    ),
    Code(
        "KB352",
        "unsayable-timing",
        Severity.ERROR,
        """FHIR cannot say this time.

Some times are exact numbers in FHIR: the offset from an event of the day is whole minutes and goes
with that event (`when`); what is due is due after one length of time, not after a range.

    timing: {when: [before-breakfast], offset: 30 min}
    targets: [{measure: {text: Pain}, due: 6 wk}]""",
    ),
    Code(
        "KB353",
        "bad-fhirpath",
        Severity.ERROR,
        """This is not FHIRPath.

The expression cannot be read as FHIRPath (https://hl7.org/fhirpath), so no system could work it
out. The message says what is wrong and where.

    when:
      - text: The patient is an adult
        fhirpath: today() - 18 years >= %patient.birthDate

`fhir-kb fhirpath EXPRESSION FILE` tries an expression on a resource.""",
    ),
    Code(
        "KB354",
        "nothing-said",
        Severity.ERROR,
        """There is nothing here that could be published.

A condition needs words or an expression, a concept words or a code, a library a file or a canonical
URL, a value set at least one code system, value set or coded concept to take its codes from.

    when: [The trigger point is inactivated]
    libraries:
      growth: {file: growth.cql}""",
    ),
    Code(
        "KB355",
        "several-targets",
        Severity.ERROR,
        """This can lead to one thing only.

A relation leads to a topic (`topic`) or to something of others (`canonical`). A step follows one
definition: `does` names an activity, `plan` another topic's plan, `asks` a questionnaire. Where
more than one is meant, give the step steps of its own, one for each.

    - id: assess
      title: Assess
      steps:
        - {id: ask, asks: https://example.org/Questionnaire/pain}
        - {id: look, does: inspection}""",
    ),
    Code(
        "KB399",
        "name-left-out",
        Severity.ERROR,
        """A name leads nowhere, so what it stands for was left out.

The rules KB2xx find such names before anything is made; this finding is for the case that one of
them was switched off. Correct the name or define what it stands for.

    steps:
      - {id: insert, does: needle-insertion}
    activities:
      needle-insertion: {title: Insertion of a needle}""",
    ),
)  # fmt: skip
BY_ID: Final = {code.id: code for code in CODES}
