"""Kinds of issue: codes in code systems, value sets and maps."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

UNKNOWN_CODE: Final = Kind(
    Code(
        "KB572",
        "unknown-code",
        Severity.ERROR,
        """\
A coding's code is not in its code system.

The system is one of HL7's own that ships with fhir-kb, and it is complete, so the code does not
exist. Codes of systems that do not ship, such as SNOMED CT, are not looked at.

Use a code of the system, or the system that has the code. Codes are case-sensitive.

```json
{"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "create"}
```
""",
    ),
    "code-invalid",
    "Unknown_Code_in_Version",
)

WRONG_DISPLAY: Final = Kind(
    Code(
        "KB573",
        "wrong-display",
        Severity.ERROR,
        """\
A coding's display is not one that its code system gives to the code.

`display` repeats what the code system says, so that a reader sees what the code means. Other words
hide a wrong code, or change its meaning. Upper and lower case make no difference; displays in
other languages than English are not looked at.

Write the system's display, or leave it out, and put words of your own into `text`.
""",
    ),
    "invalid",
    "Display_Name_for__should_be_one_of__instead_of",
)

NOT_IN_EXTENSIBLE: Final = Kind(
    Code(
        "KB720",
        "code-not-in-extensible-set",
        Severity.WARNING,
        """\
A code is not in the value set that it should come from.

The binding is extensible: another code is right only where the value set has none that fits, which
only a reader can judge.

Use a code of the value set if one means the same.
""",
    ),
    "code-invalid",
    "Terminology_TX_NoValid_2_CC",
)

NOT_PREFERRED: Final = Kind(
    Code(
        "KB721",
        "code-not-preferred",
        Severity.INFORMATION,
        """\
A code is not in the value set that FHIR recommends here.

The binding is preferred: other codes are allowed, but fewer systems will understand them.

Use a code of the value set if one means the same.
""",
    ),
    "code-invalid",
    "Terminology_TX_NoValid_3_CC",
)

NOT_CHECKED: Final = Kind(
    Code(
        "KB722",
        "code-not-checked",
        Severity.INFORMATION,
        """\
Whether a code is in its value set could not be checked.

The value set needs a code system that is not at hand, such as SNOMED CT or LOINC. Nothing is said
about whether the code is right.

Add the code system or value set with `--package` or `--also`, or ask a terminology server with
`--tx`.
""",
    ),
    "informational",
    "Terminology_TX_NoValid_4",
)

NO_SYSTEM: Final = Kind(
    Code(
        "KB723",
        "code-without-system",
        Severity.WARNING,
        """\
A coding has no system, so its code has no defined meaning.

The same code means different things in different code systems.

Add `system`; for words of your own use `CodeableConcept.text`.
""",
    ),
    "code-invalid",
    "Coding_has_no_system__cannot_validate",
)

OTHER_VERSION: Final = Kind(
    Code(
        "KB724",
        "code-of-other-version",
        Severity.ERROR,
        """\
A coding is of another version of its code system than the value set asks for.

The value set includes one version of the code system; a code may mean something else in another.

Correct `version`, or leave it out.
""",
    ),
    "invalid",
    "VALUESET_VALUE_MISMATCH",
)

UNKNOWN_VERSION: Final = Kind(
    Code(
        "KB719",
        "unknown-code-system-version",
        Severity.WARNING,
        """\
A coding names a version of its code system that is not at hand, so it was not checked.

Another version may have other codes, so nothing is said about whether this one exists.

Leave `version` out unless the code has changed its meaning, or add the package that has the
version.
""",
    ),
    "not-found",
    "UNKNOWN_CODESYSTEM_VERSION",
)

KINDS: Final = (
    UNKNOWN_VERSION, UNKNOWN_CODE, WRONG_DISPLAY, NOT_IN_EXTENSIBLE, NOT_PREFERRED, NOT_CHECKED,
    NO_SYSTEM, OTHER_VERSION,
)  # fmt: skip
