"""Kinds of issue: the form of simple values."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

BAD_STRING: Final = Kind(
    Code(
        "KB520",
        "string-too-long",
        Severity.ERROR,
        """\
A string is longer than FHIR allows.

A string has at most 1,048,576 characters; systems may refuse more.

Put large content into a Binary or an Attachment.
""",
    ),
    "value",
    "Type_Specific_Checks_DT_String_Length",
)

CONTROL_CHARACTER: Final = Kind(
    Code(
        "KB531",
        "control-character",
        Severity.WARNING,
        """\
A string holds a control character.

FHIR's strings have none but tab, line feed and carriage return; XML cannot carry them at all. They
come from copied binary content or a wrong encoding.

Remove the character.
""",
    ),
    "invalid",
)

BAD_CODE: Final = Kind(
    Code(
        "KB521",
        "bad-code",
        Severity.ERROR,
        """\
A code is not written as codes are.

A code has no space at its begin or end and never two in a row; it is the identifier of a concept,
not its display text.

```json
{"system": "http://example.org/codes", "code": " back pain "}
```

Use the code the system defines, and put the words into `display`.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_Code_WS",
)

BAD_ID: Final = Kind(
    Code(
        "KB522",
        "bad-id",
        Severity.ERROR,
        """\
An id has a form that ids cannot have.

Ids are part of web addresses: 1 to 64 characters out of A to Z, a to z, 0 to 9, `-` and `.`. The
underscore is not among them.

```json
{"resourceType": "Library", "id": "dry_needling"}
```

Write `dry-needling`.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_ID_Valid",
)

BAD_URI: Final = Kind(
    Code(
        "KB523",
        "bad-uri",
        Severity.ERROR,
        """\
A uri or url is not one.

It has no spaces, and OIDs and UUIDs are written `urn:oid:…` and `urn:uuid:…`. Identifiers that are
not uris don't belong here.

```json
{"system": "oid:1.2.3", "value": "7"}
```

Right is `urn:oid:1.2.3`.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_URI_WS",
)

BAD_CANONICAL: Final = Kind(
    Code(
        "KB524",
        "relative-canonical",
        Severity.ERROR,
        """\
A canonical is not an absolute url.

A canonical names a definition wherever it is kept, so it is the absolute `url` of that definition,
with `|version` where a version is meant. `Library/pain` is an address on one server and means
nothing elsewhere. `#id` for a contained resource is allowed.

```json
{"library": ["Library/pain"]}
```

Right is `http://example.org/fhir/Library/pain`.
""",
    ),
    "invalid",
    "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE",
)

BAD_OID: Final = Kind(
    Code(
        "KB525",
        "bad-oid",
        Severity.ERROR,
        """\
An OID is not well formed.

It is `urn:oid:` and at least two numbers joined by dots, the first 0, 1 or 2, none with a leading
zero: `urn:oid:1.2.840.10008`.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_OID_Valid",
)

BAD_UUID: Final = Kind(
    Code(
        "KB526",
        "bad-uuid",
        Severity.ERROR,
        """\
A UUID is not well formed.

It is `urn:uuid:` and 8-4-4-4-12 hexadecimal digits in lower case:
`urn:uuid:c757873d-ec9a-4326-a141-556f43239520`.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_UUID_Valid",
)

BAD_DATE: Final = Kind(
    Code(
        "KB527",
        "bad-date",
        Severity.ERROR,
        """\
A date, time or instant does not exist or is written in another way than FHIR has it.

A date is `2026`, `2026-05` or `2026-05-31`, and the day exists: no 30 February. A dateTime goes on
with hours, minutes and seconds and then always a time zone: `2026-05-31T09:30:00+02:00` or `…Z`. A
time is `09:30:00` and has no zone.

```json
{"date": "31.5.2026"}
```
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_Date_Valid",
)

BAD_INTEGER: Final = Kind(
    Code(
        "KB528",
        "bad-integer",
        Severity.ERROR,
        """\
A number is not a whole number in the range its type allows.

integer: -2147483648 to 2147483647; unsignedInt: from 0; positiveInt: from 1; integer64 is
written as a string. `1.0` and `1e3` are decimals, not integers.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_Integer_Valid",
)

BAD_DECIMAL: Final = Kind(
    Code(
        "KB529",
        "bad-decimal",
        Severity.ERROR,
        """\
A decimal is not written as FHIR decimals are.

At most 18 digits before and 17 after the point; an exponent has no leading zeros (`1e-5`, not
`1e-05`). Programs that print floating point numbers by themselves often break this.

Write the number with the digits that are meant: 1.50 differs from 1.5.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_Primitive_Regex_Type",
)

BAD_BASE64: Final = Kind(
    Code(
        "KB530",
        "bad-base64",
        Severity.ERROR,
        """\
Content that should be base64 is not.

base64 uses A to Z, a to z, 0 to 9, `+` and `/`, in groups of four, the last one filled with `=`.
The
web-safe form with `-` and `_` is another one and not allowed.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_Base64_Valid",
)

IDENTIFIER_NOT_URI: Final = Kind(
    Code(
        "KB532",
        "identifier-not-a-uri",
        Severity.ERROR,
        """\
An identifier's system says that its value is a uri, and it is not.

`urn:ietf:rfc:3986` means: the value is a whole uri and unique by itself.

```json
{"system": "urn:ietf:rfc:3986", "value": "1.2.840.10008"}
```

Right is `urn:oid:1.2.840.10008`; or give the system that the number belongs to.
""",
    ),
    "invalid",
    "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_VALUE",
)

ATTACHMENT_SIZE: Final = Kind(
    Code(
        "KB533",
        "attachment-size",
        Severity.ERROR,
        """\
An attachment states another size than its data has.

`size` is the number of bytes before base64. A reader who finds another number must think that
something was lost.

Correct the size or leave it out.
""",
    ),
    "invalid",
    "TYPE_SPECIFIC_CHECKS_DT_ATT_SIZE_CORRECT",
)

ONLY_SPACE: Final = Kind(
    Code(
        "KB559",
        "only-white-space",
        Severity.WARNING,
        """\
A string holds nothing but white space.

FHIR allows it, and asks for content: readers will see nothing, and some systems drop such values.

Leave the property out.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_Primitive_WS",
)

DUPLICATE_LABEL: Final = Kind(
    Code(
        "KB543",
        "duplicate-label",
        Severity.ERROR,
        """\
A resource has the same security label twice.

Labels are a set: each code of a system stands in `meta.security` once.

Take one of them out.
""",
    ),
    "invalid",
    "Meta_RES_Security_Duplicate",
)

RELATIVE_SYSTEM: Final = Kind(
    Code(
        "KB627",
        "relative-system",
        Severity.ERROR,
        """\
The system of an identifier is not an absolute uri.

The system says whose numbers these are, the same wherever the identifier is used; a relative one
says nothing to others.

Write the URL or the OID of the system.

```json
{"system": "patients", "value": "4711"}
```

Right is `https://hospital.example.org/patients`.
""",
    ),
    "code-invalid",
    "Type_Specific_Checks_DT_Identifier_System",
)

KINDS: Final = (
    BAD_STRING, BAD_CODE, BAD_ID, BAD_URI, BAD_CANONICAL, BAD_OID, BAD_UUID, BAD_DATE, BAD_INTEGER,
    BAD_DECIMAL, BAD_BASE64, CONTROL_CHARACTER, IDENTIFIER_NOT_URI, ATTACHMENT_SIZE,
    ONLY_SPACE, DUPLICATE_LABEL, RELATIVE_SYSTEM,
)  # fmt: skip
