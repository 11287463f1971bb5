"""Kinds of issue: the text of a file, before any FHIR."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

NOT_JSON: Final = Kind(
    Code(
        "KB501",
        "not-json",
        Severity.ERROR,
        """\
The text is not JSON.

Nothing can be read from a file that breaks JSON's own grammar: a comma too many or too few, a
comment, a quotation mark that is never closed, NaN or Infinity. Every FHIR server refuses it.

Mend the text at the line and column given. Numbers have the form 1, -0.5 or 1e3.

```json
{"resourceType": "Patient", "active": true,}
```

The last comma has to go.
""",
    ),
    "invalid",
    "Error_parsing_JSON_",
)

DUPLICATE_KEY: Final = Kind(
    Code(
        "KB502",
        "duplicate-property",
        Severity.ERROR,
        """\
A property is given twice in the same object.

JSON readers keep one of the two and don't agree which, so two systems would see different
resources. FHIR forbids it.

Keep the one that is meant. Where several values are meant, the element has to be one that repeats,
and its value is one list.

```json
{"resourceType": "Patient", "gender": "male", "gender": "female"}
```
""",
    ),
    "invalid",
    "DUPLICATE_JSON_PROPERTY_KEY",
)

NOT_UTF8: Final = Kind(
    Code(
        "KB503",
        "not-utf-8",
        Severity.ERROR,
        """\
The text is not UTF-8.

FHIR is always UTF-8. Other encodings turn letters such as é or µ into something else, or make the
file unreadable.

Save the file as UTF-8. In most editors this is a choice in "Save as"; on the command line
`iconv -f windows-1252 -t utf-8 old.json > new.json`.
""",
    ),
    "structure",
)

BYTE_ORDER_MARK: Final = Kind(
    Code(
        "KB504",
        "byte-order-mark",
        Severity.WARNING,
        """\
The text begins with a byte order mark.

JSON is sent without one (RFC 8259), and some readers stop at it.

Save the file as UTF-8 without BOM.
""",
    ),
    "structure",
)

TOO_DEEP: Final = Kind(
    Code(
        "KB505",
        "too-deep",
        Severity.ERROR,
        """\
The content is nested too deeply.

No sensible resource has hundreds of levels; such content exhausts the memory or the stack of the
systems that read it, and is refused unread below this level.

Look for a program that wraps its own output again and again.
""",
    ),
    "too-costly",
)

NOT_READ: Final = Kind(
    Code(
        "KB506",
        "format-not-read",
        Severity.ERROR,
        """\
A line of NDJSON is in a format that cannot be checked.

Each line is one resource as JSON. What has not been read has not been checked, so this is said as
an error and never passed over.

Convert the line to FHIR JSON, or put XML into a file of its own.
""",
    ),
    "not-supported",
)

NULL: Final = Kind(
    Code(
        "KB507",
        "null",
        Severity.ERROR,
        """\
A property has the value null.

FHIR knows no null: an element that has no value is left out. Only in a list of simple values does
null stand for a missing value, and then the list with the underscore has an object at that place.

Leave the property out. To say why a value is missing, use the data-absent-reason extension.

```json
{"given": ["Ann", null], "_given": [null, {"extension": [{"url": "…", "valueCode": "masked"}]}]}
```
""",
    ),
    "invalid",
    "ELEMENT_CANNOT_BE_NULL",
)

EMPTY: Final = Kind(
    Code(
        "KB508",
        "empty",
        Severity.ERROR,
        """\
An object, a list or a string is empty.

In FHIR an element that is there has content. Empty ones come from programs that write all fields of
a form, and readers may take them for a statement.

Leave the property out.

```json
{"resourceType": "Patient", "name": [], "birthDate": ""}
```
""",
    ),
    "invalid",
    "Object_must_have_some_content",
)

KINDS: Final = (
    NOT_JSON, DUPLICATE_KEY, NOT_UTF8, BYTE_ORDER_MARK, TOO_DEEP, NOT_READ, NULL, EMPTY,
)  # fmt: skip
