"""Kinds of issue: what StructureDefinitions say of themselves, their elements and extensions."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

NOT_OF_ITS_BASE: Final = Kind(
    Code(
        "KB585",
        "definition-unlike-its-base",
        Severity.ERROR,
        """\
A StructureDefinition's type, kind or derivation does not go with its base.

A profile has the type and kind of what it is a profile of. A new type has a name of its own, which
is a URL and makes a logical model; types with plain names are those of FHIR.

Correct `type`, `kind` or `derivation`, or name another `baseDefinition`.

```json
{"kind": "complex-type", "type": "Patient", "derivation": "constraint"}
```
""",
    ),
    "business-rule",
    "SD_CONSTRAINED_TYPE_NO_MATCH",
)

POINTLESS_LIMIT: Final = Kind(
    Code(
        "KB586",
        "pointless-limit",
        Severity.ERROR,
        """\
An element has a limit that means nothing for its types.

Codes can be bound, strings have a length, numbers and dates have a range, references have targets.
A binding of a date, or the greatest value of a code, is checked by nobody.

Remove it, or put it on the element that it was meant for.

```json
{"path": "Patient.birthDate", "type": [{"code": "date"}], "binding": {"strength": "required"}}
```
""",
    ),
    "business-rule",
    "SD_ILLEGAL_CHARACTERISTICS",
)

SLICING_IMPOSSIBLE: Final = Kind(
    Code(
        "KB587",
        "slicing-impossible",
        Severity.ERROR,
        """\
An element cannot be sliced like that.

Only what repeats, or what may be of several types, has slices; and a discriminator is a path that
the element's types have.

Slice the element that repeats, or correct the discriminator's path.
""",
    ),
    "not-found",
    "SD_PATH_NO_SLICING",
)

EXTENSION_DEFINITION: Final = Kind(
    Code(
        "KB588",
        "extension-definition",
        Severity.ERROR,
        """\
An extension is not defined as extensions are.

Its definition fixes `Extension.url` to its own URL, so that data names it, and each `context` is an
element that there is. What is no extension has no context.

Fix `Extension.url` to the definition's `url`, and correct the contexts.
""",
    ),
    "invalid",
    "SD_EXTENSION_URL_MISSING",
)

CONSTRAINT_DEFINITION: Final = Kind(
    Code(
        "KB589",
        "constraint-definition",
        Severity.ERROR,
        """\
A constraint of a profile cannot be told from another, or cannot be evaluated.

The key of a constraint is its name: another one of the same name, with another expression, hides
it. An expression that names elements which are not there holds never, or always.

Give it a key of its own, or correct its expression.
""",
    ),
    "invalid",
    "ED_INVARIANT_KEY_ALREADY_USED",
)

ELEMENT_DEFINITION: Final = Kind(
    Code(
        "KB621",
        "element-definition",
        Severity.ERROR,
        """\
An element of a StructureDefinition is not defined as it must be.

Paths begin with the definition's type, in a snapshot each element has a type, a fixed value is of
one of them, and a type's profile is one of that type.

Correct the element, or let the snapshot be made anew.
""",
    ),
    "business-rule",
    "SD_PATH_TYPE_MISMATCH",
)

DEFINITION_WARNING: Final = Kind(
    Code(
        "KB622",
        "definition-to-review",
        Severity.WARNING,
        """\
A StructureDefinition says something that is allowed and seldom meant.

It builds on what is experimental, may be put on any element, uses a discriminator that newer
releases do without, or binds to a value set that is not known here.

Look at it again; leave it where it is meant.
""",
    ),
    "business-rule",
)

KINDS: Final = (
    NOT_OF_ITS_BASE, POINTLESS_LIMIT, SLICING_IMPOSSIBLE, EXTENSION_DEFINITION,
    CONSTRAINT_DEFINITION, ELEMENT_DEFINITION, DEFINITION_WARNING,
)  # fmt: skip
