"""Kinds of issue: what code systems, value sets and maps say."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

CODE_TWICE: Final = Kind(
    Code(
        "KB700",
        "code-defined-twice",
        Severity.ERROR,
        """\
A code system defines a code twice.

Within a code system a code means one thing; with two definitions nobody can say which is meant.

Leave one of the two out, or give it another code.
""",
    ),
    "business-rule",
    "CODESYSTEM_DUPLICATE_CODE",
)

SYSTEM_CONTENT: Final = Kind(
    Code(
        "KB701",
        "code-system-content",
        Severity.ERROR,
        """\
A code system's `content`, `count`, `supplements` or `valueSet` contradicts its concepts.

`content` says how much of the code system is here: `complete` has every concept and `count` is
their number, `not-present` has none, `supplement` adds to the code system that `supplements` names
and may only have its codes. `valueSet` names the value set of all its codes.

Change whichever of them is wrong.
""",
    ),
    "business-rule",
    "CODESYSTEM_CS_COUNT_COMPLETE_WRONG",
)

SYSTEM_DOUBTFUL: Final = Kind(
    Code(
        "KB702",
        "code-system-doubtful",
        Severity.WARNING,
        """\
A code system is probably not as it is meant.

It is `complete` and has no concepts, or its count does not fit a fragment, or it is one of HL7's
and does not say what HL7's have to say (`caseSensitive`, definitions of the concepts).

Add what is missing, or correct `content` and `count`.
""",
    ),
    "business-rule",
    "CODESYSTEM_CS_COMPLETE_AND_EMPTY",
)

SYSTEM_ADVICE: Final = Kind(
    Code(
        "KB703",
        "code-system-advice",
        Severity.INFORMATION,
        """\
A code system could say more clearly how it is to be used.

Without `caseSensitive` nobody knows whether `A` and `a` are the same code; without `uri` a
property has no meaning outside of this code system; the value set of all codes is of little use
where the code system is not complete.

Add what the message names.
""",
    ),
    "business-rule",
    "CODESYSTEM_CS_NONHL7_MISSING_ELEMENT",
)

PROPERTY: Final = Kind(
    Code(
        "KB704",
        "concept-property",
        Severity.ERROR,
        """\
A property of concepts is defined or used wrongly.

Each property has one code, one absolute URI and one type, and values of that type. The properties
that FHIR defines (http://hl7.org/fhir/concept-properties) have the codes and types given there.

Correct the definition in `property`, or the value.
""",
    ),
    "business-rule",
    "CODESYSTEM_PROPERTY_WRONG_TYPE",
)

PROPERTY_DOUBTFUL: Final = Kind(
    Code(
        "KB705",
        "concept-property-doubtful",
        Severity.WARNING,
        """\
A property of concepts may not be understood by others.

It is not defined in `property`, has the code of one of FHIR's own properties without its URI, or
refers to a code that is not in the code system.

Define the property, with the URI that says what it means, or correct the code that it refers to.
""",
    ),
    "business-rule",
    "CODESYSTEM_PROPERTY_UNDEFINED",
)

DESIGNATION: Final = Kind(
    Code(
        "KB706",
        "designation-like-display",
        Severity.WARNING,
        """\
A designation cannot be told apart from the display.

It has no `use`, and the language of the display or none, so that nobody knows which of the two to
show.

Add `use` or `language`, or leave the designation out.
""",
    ),
    "business-rule",
    "CODESYSTEM_DESIGNATION_DISP_CLASH_NO_LANG",
)

INCLUDED_SYSTEM: Final = Kind(
    Code(
        "KB710",
        "value-set-system",
        Severity.ERROR,
        """\
The system of an include is not the URL of a code system.

It has to be absolute, to name a code system and not a value set, and to leave the version to
`version`. A contained code system is named by its URL, too.

Write the URL that the code system has in `url`.

```json
{"include": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "version": "9.0.0"}]}
```
""",
    ),
    "business-rule",
    "VALUESET_INCLUDE_SYSTEM_ABSOLUTE",
)

INCLUDED_CODE: Final = Kind(
    Code(
        "KB711",
        "value-set-code",
        Severity.ERROR,
        """\
A value set lists a code that its code system does not have.

The code system is complete and known, so the code does not exist. Codes of systems that are not at
hand, such as SNOMED CT, are not looked at.

Use a code of the system. Codes are case-sensitive.
""",
    ),
    "code-invalid",
    "VALUESET_INCLUDE_INVALID_CONCEPT_CODE",
)

FILTER: Final = Kind(
    Code(
        "KB712",
        "value-set-filter",
        Severity.ERROR,
        """\
A filter cannot select anything sensible.

Its operation does not exist for the property, or its value has not the form that the property's
type asks for: `true` or `false`, a number, a date, a code of the code system, or
`system|version#code`.

Correct `op` or `value`. http://hl7.org/fhir/valueset-filter-operator.html explains the operations.
""",
    ),
    "business-rule",
    "VALUESET_BAD_FILTER_OP",
)

SET_DOUBTFUL: Final = Kind(
    Code(
        "KB713",
        "value-set-doubtful",
        Severity.WARNING,
        """\
A value set is probably not as it is meant.

A filter asks for a property that the code system does not have, an imported value set is not known,
or several are imported in one include: that takes only the codes that all of them have.

Check the property's name and the URLs; to have the codes of all of several value sets, write one
include for each.
""",
    ),
    "business-rule",
    "VALUESET_UNKNOWN_FILTER_PROPERTY",
)

SET_ADVICE: Final = Kind(
    Code(
        "KB714",
        "value-set-advice",
        Severity.INFORMATION,
        """\
A value set's displays are worth a second look.

Some concepts of an include have a display and others not, or a display is not one of the code
system's. That is allowed, but often a slip or the wrong code.

Compare the code with its code system.
""",
    ),
    "business-rule",
    "VALUESET_CONCEPT_DISPLAY_PRESENCE_MIXED",
)

MAP: Final = Kind(
    Code(
        "KB715",
        "concept-map",
        Severity.ERROR,
        """\
A map uses a code or property that it must not use.

Codes are in the value sets that the map's scope names, and properties of targets are defined in the
map's own `property`, with their type.

Correct the code, or widen the scope; define the property.
""",
    ),
    "code-invalid",
    "CONCEPTMAP_GROUP_SOURCE_CODE_INVALID_VS",
)

MAP_DOUBTFUL: Final = Kind(
    Code(
        "KB716",
        "concept-map-doubtful",
        Severity.WARNING,
        """\
A map could not be checked as a whole, or says a thing twice.

A group does not say from which code system its codes are, or that code system is not known; a
display is not one of the code system's; or two relationships lead from one code to another.

Name the code systems in `source` and `target`, and leave one of the two relationships out.
""",
    ),
    "business-rule",
    "CONCEPTMAP_GROUP_SOURCE_UNKNOWN",
)

PUBLISHER: Final = Kind(
    Code(
        "KB717",
        "hl7-publisher",
        Severity.ERROR,
        """\
What HL7 publishes names another publisher than its work group.

Resources under http://hl7.org/fhir name the responsible work group in the extension
`structuredefinition-wg`; their publisher is "HL7 International / " and the work group's name.

Correct the publisher or the work group. For what HL7 does not publish, use a URL of your own.
""",
    ),
    "business-rule",
    "VALIDATION_HL7_PUBLISHER_MISMATCH",
)

PUBLISHER_DOUBTFUL: Final = Kind(
    Code(
        "KB718",
        "hl7-publisher-doubtful",
        Severity.WARNING,
        """\
What HL7 publishes does not name its work group as HL7 does.

The publisher should be "HL7 International / " and the work group's name, `contact` should have the
work group's page, and the status should fit the standards status.

Write what the message names. For what HL7 does not publish, use a URL of your own.
""",
    ),
    "business-rule",
    "VALIDATION_HL7_PUBLISHER_MISMATCH",
)

KINDS: Final = (
    CODE_TWICE, SYSTEM_CONTENT, SYSTEM_DOUBTFUL, SYSTEM_ADVICE, PROPERTY, PROPERTY_DOUBTFUL,
    DESIGNATION, INCLUDED_SYSTEM, INCLUDED_CODE, FILTER, SET_DOUBTFUL, SET_ADVICE, MAP,
    MAP_DOUBTFUL, PUBLISHER, PUBLISHER_DOUBTFUL,
)  # fmt: skip
