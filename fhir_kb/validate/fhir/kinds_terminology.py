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

KINDS: Final = (UNKNOWN_CODE, WRONG_DISPLAY)
