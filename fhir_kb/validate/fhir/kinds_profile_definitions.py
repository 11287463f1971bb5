"""Kinds of issue: profiles, given as resources, held against their bases."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

CONTRADICTS_BASE: Final = Kind(
    Code(
        "KB597",
        "profile-contradicts-base",
        Severity.ERROR,
        """\
A profile allows what its base does not.

A profile narrows its base: `max` is not greater, `min` of what is no slice not less, a required
binding stays required, and a value that is fixed stays the same. Data that only the profile allows
would not be valid against the base, to which all of them must conform.

Narrow the element no less than the base does, or choose another base.

```json
{"path": "Patient.birthDate", "max": "2"}
```
""",
    ),
    "business-rule",
)

NO_SNAPSHOT: Final = Kind(
    Code(
        "KB598",
        "differential-without-snapshot",
        Severity.ERROR,
        """\
No snapshot can be made of a profile, because its differential does not fit its base.

An element's path leads to no element of the base, its type is none that the base allows, it is
there twice without names of slices, the root is sliced, or a fixed value or pattern is of a type
that the element does not have. No other system can use the profile.

Correct the element's path or type, or `baseDefinition`.
""",
    ),
    "exception",
    "ERROR_GENERATING_SNAPSHOT",
)

NOT_AN_OBLIGATION: Final = Kind(
    Code(
        "KB599",
        "not-in-an-obligation-profile",
        Severity.ERROR,
        """\
An obligation profile states something other than obligations.

A profile with the extension `obligation-profile` is put on top of others, so it may say who must do
what with an element and which bindings are additional, and leaves the element itself as it is.

Leave the property out, or make the profile a usual one.
""",
    ),
    "business-rule",
)

KINDS: Final = (CONTRADICTS_BASE, NO_SNAPSHOT, NOT_AN_OBLIGATION)
